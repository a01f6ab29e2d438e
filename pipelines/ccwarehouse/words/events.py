"""The progress of a load as events, for log collectors."""

from typing import Any

from whole_days.contact import Contact
from whole_days.package import Package, PackedDay

from ..events import Events, Level
from .progress import Words


class EventLines(Words):
    """An event per committed day and per package."""

    def __init__(self, events: Events, contact: Contact | None = None) -> None:
        super().__init__(events.remark, contact)
        self._events = events

    def stored(self, package: Package[Any]) -> None:
        """Print the days of a package, then the package."""
        super().stored(package)
        for packed in package.days:
            self._day(packed)
        failed = [day for day in package.days if day.fetch.content is None]
        self._events.tell(
            Level.INFO,
            "package_committed",
            days_loaded=len(package.days) - len(failed),
            days_failed=len(failed),
            records=sum(day.fetch.records for day in package.days),
        )

    def _day(self, packed: PackedDay[Any]) -> None:
        day, fetch = str(packed.fetch.day), packed.fetch
        if fetch.content is None:
            self._events.tell(
                Level.WARNING, "day_failed", day=day, error=fetch.error or "unknown"
            )
        else:
            self._events.tell(
                Level.INFO,
                "day_loaded",
                day=day,
                records=fetch.records,
                is_changed=packed.is_changed,
                is_final=packed.is_final,
            )
