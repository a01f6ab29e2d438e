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
    """A load. `account` is None until the settings are read, `plan` the warehouse.

    `loaded` and `failed` are the days, and `records` the number of records, of the
    committed packages. `contact` counts the calls.
    """

    report: str
    account: str | None = None
    contact: Contact = field(default_factory=Contact)
    plan: Plan | None = None
    loaded: list[date] = field(default_factory=list)
    failed: list[date] = field(default_factory=list)
    records: int = 0
    began: float = field(default_factory=time.monotonic)

    def committed(self, package: Package[Any]) -> None:
        """Count a package."""
        for packed in package.days:
            days = self.failed if packed.fetch.content is None else self.loaded
            days.append(packed.fetch.day)
            self.records += packed.fetch.records

    @property
    def seconds(self) -> float:
        """How long the load has run."""
        return time.monotonic() - self.began

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
