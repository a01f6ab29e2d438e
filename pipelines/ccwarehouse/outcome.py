"""What a load did, counted package by package."""

from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Generic

from whole_days.organisation import known_organizations
from whole_days.package import Package
from whole_days.plan import StoredDay
from whole_days.report import Day, Summary

from .inputs import InputFilesError, Roster


@dataclass
class Outcome(Generic[Summary]):
    """What a load did.

    `summaries` holds the source's summary of each loaded day. `names` are the announced
    values in the loaded days; the warehouse did not have `new_names`. `clock_error` is
    how far this machine's clock is ahead of the API's, 0 if that does no harm.

    `emptied` are the days that had records and have none now. `organizations` own the
    loaded records; `organizations_before` owned the stored records of the same days.
    `new_organizations` own loaded records, and no record stored before on any day.
    `shared_organizations` are held by another account too; the values are the accounts.

    `files` names the inputs that were loaded because they changed. `file_error` is why
    some of them were refused. `undecided` are people in workspaces of several teams,
    and so in none, with these; `undecided_keys` are such names of API keys. `rosters`
    are the teams of before and now, if tags have taken a team or half of the members
    away. `unknown_teams` have budgets that were loaded, but are not in force.
    `kept_group_size` is above 1, and stayed for want of another with the teams.
    `unread_tag` names no team, as the directory was never read. `summed` is the number
    of old days that became sums.
    """

    summaries: dict[date, Summary] = field(default_factory=dict)
    changed: list[date] = field(default_factory=list)
    empty: list[date] = field(default_factory=list)
    emptied: list[date] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    new_names: set[str] = field(default_factory=set)
    organizations: set[str] = field(default_factory=set)
    organizations_before: set[str] = field(default_factory=set)
    new_organizations: set[str] = field(default_factory=set)
    shared_organizations: dict[str, list[str]] = field(default_factory=dict)
    records: int = 0
    seconds: float = 0
    account_is_empty: bool = False
    clock_error: timedelta = timedelta()
    files: list[str] = field(default_factory=list)
    file_error: InputFilesError | None = None
    undecided: dict[str, list[str]] = field(default_factory=dict)
    undecided_keys: dict[str, list[str]] = field(default_factory=dict)
    rosters: tuple[Roster, Roster] | None = None
    unknown_teams: list[str] = field(default_factory=list)
    kept_group_size: int | None = None
    unread_tag: str | None = None
    summed: int = 0

    @property
    def loaded(self) -> list[date]:
        """The loaded days, in the order in which they were fetched."""
        return list(self.summaries)

    @property
    def gone_organizations(self) -> set[str]:
        """Owners whose records are gone from the loaded days, if others have some."""
        gone = self.organizations_before - self.organizations
        return gone if self.organizations else set()

    def add(self, package: Package[Summary], stored: Mapping[date, StoredDay]) -> None:
        """Count a committed package; `stored` is the state before the load."""
        for packed_day in package.days:
            fetched = packed_day.fetch
            if packed_day.is_changed:
                self.changed.append(fetched.day)
            if fetched.content is None:
                self.failed[fetched.day] = fetched.error or "unknown"
            else:
                before = stored.get(fetched.day, StoredDay())
                self._add_day(fetched.day, fetched.content, before)

    def _add_day(self, day: date, content: Day[Summary], before: StoredDay) -> None:
        self.summaries[day] = content.summary
        if not content.records:
            self.empty.append(day)
        if before.records and not content.records:
            self.emptied.append(day)
        self.organizations |= content.organizations
        self.organizations_before |= before.organizations
        self.names |= content.names
        self.records += content.records

    def conclude(
        self, stored: Mapping[date, StoredDay], known_names: Container[str] | None
    ) -> None:
        """Compare with the stored days; `known_names` is None before the first load."""
        has_records = self.records or any(day.records for day in stored.values())
        self.account_is_empty = bool(self.loaded) and not has_records
        if known := known_organizations(stored):
            self.new_organizations = self.organizations - known
        if known_names is not None:
            self.new_names = {name for name in self.names if name not in known_names}
