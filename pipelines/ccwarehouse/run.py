"""What is known of a load while it runs, and still is when it fails."""

import time
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from whole_days.contact import Contact
from whole_days.package import Package
from whole_days.plan import newest_final
from whole_days.report import DayFetch

from .load import Plan, Progress


@dataclass
class Run:
    """A load of one account. `plan` is None until the warehouse is read.

    `loaded` and `failed` are the days, and `records` the number of records, of the
    committed packages. `contact` counts the calls.
    """

    report: str
    account: str
    contact: Contact = field(default_factory=Contact)
    plan: Plan | None = None
    loaded: list[date] = field(default_factory=list)
    failed: list[date] = field(default_factory=list)
    records: int = 0

    def committed(self, package: Package[Any]) -> None:
        """Count a package."""
        for packed in package.days:
            days = self.failed if packed.fetch.content is None else self.loaded
            days.append(packed.fetch.day)
            self.records += packed.fetch.records

    @property
    def newest_final(self) -> date | None:
        """The newest day in the warehouse that is final and whole."""
        if self.plan is None:
            return None
        calendar = self.plan.calendar
        days = [day for day in self.loaded if day <= calendar.last_complete]
        if before := newest_final(self.plan.stored, calendar):
            days.append(before)
        return max(days, default=None)

    @property
    def day_lag(self) -> int | None:
        """How many complete days follow that day."""
        if self.plan is None or self.newest_final is None:
            return None
        return (self.plan.calendar.last_complete - self.newest_final).days


@dataclass
class Runs:
    """A load: a run of each account, none until the settings are read."""

    report: str
    each: list[Run] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def add(self, account: str) -> Run:
        """A new run, of this account."""
        self.each.append(Run(self.report, account))
        return self.each[-1]

    @property
    def account(self) -> str | None:
        """The account, if it is the only one."""
        return self.each[0].account if len(self.each) == 1 else None

    @property
    def seconds(self) -> float:
        """How long the load has run."""
        return time.monotonic() - self.began


@dataclass(frozen=True)
class Counted:
    """A progress whose packages a run counts too."""

    run: Run
    progress: Progress

    def fetched(self, fetch: DayFetch[Any]) -> None:
        """A day was fetched, or failed."""
        self.progress.fetched(fetch)

    def stored(self, package: Package[Any]) -> None:
        """A package was committed."""
        self.run.committed(package)
        self.progress.stored(package)
