"""UTC days: when each one is complete, and ranges of them.

Pure: no clock. Only this module knows what "yesterday" is.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

ONE_DAY = timedelta(days=1)

# Clocks that differ by at most this count as equal.
CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True)
class Calendar:
    """Which days are complete at `now` (UTC): those that ended `settle` ago or more."""

    now: datetime
    settle: timedelta

    @property
    def today(self) -> date:
        """The running UTC day."""
        return self.now.astimezone(UTC).date()

    @property
    def last_complete(self) -> date:
        """The newest complete day."""
        return (self.now.astimezone(UTC) - self.settle).date() - ONE_DAY

    def first(self, stored: Iterable[date], initial_days: int) -> date:
        """The first day ever fetched, or `initial_days` back when there is none.

        Future days do not count: a clock that was ahead fetched them.
        """
        past = (day for day in stored if day <= self.today)
        return min(past, default=self.last_complete - (initial_days - 1) * ONE_DAY)

    def is_final(self, day: date, fetched_at: datetime) -> bool:
        """Whether the day was complete when a fetch began at `fetched_at`."""
        return fetched_at >= end_of(day) + self.settle

    def is_to_come(self, fetched_at: datetime | None) -> bool:
        """Whether the time of a fetch is in the future: its clock was ahead."""
        return fetched_at is not None and fetched_at > self.now + CLOCK_TOLERANCE


def end_of(day: date) -> datetime:
    """24:00 UTC of a day."""
    return datetime.combine(day + ONE_DAY, time(), UTC)


def each_day(first: date, last: date) -> Iterator[date]:
    """Every day from `first` to `last`, both included; none if `first` is later."""
    for offset in range((last - first).days + 1):
        yield first + offset * ONE_DAY


def stretches(days: Iterable[date], longest: int) -> Iterator[list[date]]:
    """The days in the same order, in lists of at most `longest` consecutive ones.

    Reads no day ahead of a list that is full.
    """
    stretch: list[date] = []
    for day in days:
        if stretch and day != stretch[-1] + ONE_DAY:
            yield stretch
            stretch = []
        stretch.append(day)
        if len(stretch) == longest:
            yield stretch
            stretch = []
    if stretch:
        yield stretch


def spans(days: Iterable[date]) -> list[tuple[date, date]]:
    """Ascending days as ranges without a gap: (first, last) of each."""
    runs: list[tuple[date, date]] = []
    for day in days:
        if runs and runs[-1][1] == day - ONE_DAY:
            runs[-1] = (runs[-1][0], day)
        else:
            runs.append((day, day))
    return runs
