"""A load, nightly or backfill: plan, fetch, write, sum up."""

import time
from collections.abc import (
    Callable,
    Container,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from itertools import chain
from typing import Any, Generic, Protocol

import pyarrow as pa

from whole_days.calendar import Calendar
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact
from whole_days.fetch import fetch
from whole_days.organisation import (
    Holder,
    known_organizations,
    of_known_organization,
    others_of,
)
from whole_days.package import Package, packed
from whole_days.plan import StoredDay, WantedDay, asked_for, nightly
from whole_days.report import Day, DayFetch, Report, Settings, Summary

from .inputs import InputFile, InputFileError
from .warehouses import Warehouse

# A killed load loses its uncommitted package. A package is small enough to lose little,
# and large enough that the fixed cost per package is negligible.
PACKAGE_DAYS = 120
PACKAGE_RECORDS = 60_000


@dataclass(frozen=True)
class Request:
    """What was asked for: a range of days, both ends included, or all missing days."""

    start: date | None = None
    end: date | None = None
    include_today: bool = False
    replace_organisation: bool = False


class Progress(Protocol):
    """Is told how far a load is."""

    def fetched(self, fetch: DayFetch[Any]) -> None:
        """A day was fetched, or failed."""

    def stored(self, package: Package[Any]) -> None:
        """A package was committed."""


@dataclass
class Outcome(Generic[Summary]):
    """What a load did.

    `summaries` holds the source's summary of each loaded day. `names` are the announced
    values in the loaded days; the warehouse did not have `new_names`. `clock_error` is
    how far this machine's clock is ahead of the API's, 0 if that does no harm.

    `emptied` are the days that had records and have none now. `organizations` own the
    loaded records; `organizations_before` owned the stored records of the same days.
    Nothing was stored of `new_organizations`. `shared_organizations` are held by
    another account too; the values are the accounts.

    `files` names the input files that were loaded because they changed. `file_error` is
    why one of them was refused.
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
    file_error: InputFileError | None = None

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


@dataclass(frozen=True)
class Plan:
    """The days to fetch, with the stored days and the calendar they were chosen by.

    With `replaces_organisation` the days may belong to another organisation than
    before.
    """

    wanted: list[WantedDay]
    stored: Mapping[date, StoredDay]
    calendar: Calendar
    replaces_organisation: bool = False


def plan(
    request: Request,
    stored: Mapping[date, StoredDay],
    now: datetime,
    settings: Settings,
) -> Plan:
    """The days to fetch and why, oldest first. Pure: calls neither API nor database."""
    calendar = Calendar(now, settings.settle)
    if request.start is None and request.end is None:
        wanted = nightly(
            stored,
            calendar,
            initial_days=settings.initial_days,
            lookback=settings.lookback,
            include_today=request.include_today,
            replace_organisation=request.replace_organisation,
        )
    else:
        newest = calendar.today if request.include_today else calendar.last_complete
        oldest = calendar.first(stored, settings.initial_days)
        start, end = request.start or oldest, request.end or newest
        wanted = asked_for(start, end, calendar)
    return Plan(wanted, stored, calendar, request.replace_organisation)


def load(
    warehouse: Warehouse,
    report: Report[Summary],
    plan: Plan,
    settings: Settings,
    progress: Progress,
    clock: Callable[[], datetime] = utc_now,
    *,
    is_admitted: bool = False,
    contact: Contact | None = None,
) -> Outcome[Summary]:
    """Fetch the days of a plan and write them, package by package.

    `is_admitted`: the API has accepted the key before. `contact` is told whether the
    API answers.

    Raises `CredentialsError`, `OrganisationError` (before anything is written) and
    dlt's errors of the warehouse. Committed packages stay. A failed day does not raise:
    it is in the outcome.
    """
    # Arrow's own allocators do not return freed memory to the system
    pa.set_memory_pool(pa.system_memory_pool())
    began = time.monotonic()
    outcome: Outcome[Summary] = Outcome()
    account, judged = settings.account, ApiClock.of(clock)
    fetching = partial(fetch, report, settings=settings, clock=judged, contact=contact)
    days = [item.day for item in plan.wanted]
    known = warehouse.names(report, account) if plan.stored else None
    others = others_of(account, warehouse.owners(report))
    holder = Holder(
        report.source, account, plan.stored, others, plan.replaces_organisation
    )
    with closing(fetching(days, is_admitted=is_admitted)) as fetches:
        arriving = _watched(fetches, progress)
        again = partial(fetching, is_admitted=True)
        arriving = of_known_organization(arriving, holder, again)
        for portion in portions(arriving):
            package = packed(report, account, portion, plan.stored, plan.calendar)
            # free memory before the warehouse needs memory to write
            pa.system_memory_pool().release_unused()
            warehouse.write(package)
            outcome.add(package, plan.stored)
            progress.stored(package)
            # Drop these days from memory before the next ones are fetched.
            del portion, package
            pa.system_memory_pool().release_unused()
    outcome.conclude(plan.stored, known)
    outcome.shared_organizations = {
        organization: sorted([account, others[organization]])
        for organization in sorted(outcome.organizations & others.keys())
    }
    outcome.clock_error = judged.error
    outcome.seconds = time.monotonic() - began
    return outcome


def load_files(
    warehouse: Warehouse, files: Sequence[InputFile], now: datetime
) -> tuple[list[str], InputFileError | None]:
    """Load the changed files; returns their names, and the error of a refused one.

    Call it after the days are loaded: a budget in a currency that nobody spends is a
    fault, and the days show which currencies are spent. The other file is still loaded.
    """
    names: list[str] = []
    fault = None
    for file in files:
        try:
            names += warehouse.store_inputs([file], now)
        except InputFileError as error:
            fault = error
    return names, fault


def portions(
    fetches: Iterable[DayFetch[Summary]],
    max_days: int = PACKAGE_DAYS,
    max_records: int = PACKAGE_RECORDS,
) -> Iterator[list[DayFetch[Summary]]]:
    """Fetched days in portions of bounded size; a day is never split."""
    arriving = iter(fetches)
    for first in arriving:
        yield list(_portion(chain([first], arriving), max_days, max_records))


def _portion(
    arriving: Iterator[DayFetch[Summary]], max_days: int, max_records: int
) -> Iterator[DayFetch[Summary]]:
    days = records = 0
    for fetched in arriving:
        yield fetched
        days, records = days + 1, records + fetched.records
        if days == max_days or records >= max_records:
            return


def _watched(
    fetches: Iterable[DayFetch[Summary]], progress: Progress
) -> Iterator[DayFetch[Summary]]:
    for fetched in fetches:
        progress.fetched(fetched)
        yield fetched
