"""Which days a report is of, and which days it compares them with. Pure: no clock."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from . import text

ONE_DAY: Final = timedelta(days=1)
ENOUGH_DAYS: Final = 7  # complete ones, before the running month is shown by itself


@dataclass(frozen=True)
class Span:
    """Days, both ends included."""

    first: date
    last: date

    def __contains__(self, day: date) -> bool:
        return self.first <= day <= self.last

    def __iter__(self) -> Iterator[date]:
        for number in range(len(self)):
            yield self.first + timedelta(number)

    def __len__(self) -> int:
        return max(0, (self.last - self.first).days + 1)


@dataclass(frozen=True)
class Period:
    """The days asked for, those of them that may be known, and those before.

    `asked` are all days of the month or range. `known` begins no earlier than the
    history and ends with the last fetched day; None when no such day was asked for.
    `before` are the same days of the month before, or as many days before a range;
    None when the history begins later.
    """

    asked: Span
    known: Span | None
    before: Span | None
    is_month: bool

    @property
    def title(self) -> str:
        """As in November 2026, or 3-16 November 2026."""
        if self.is_month:
            return text.month_year(self.asked.first)
        return text.span(self.asked.first, self.asked.last)

    @property
    def name(self) -> str:
        """As in November, or these days."""
        return text.month_name(self.asked.first) if self.is_month else "these days"

    @property
    def month_before(self) -> Span:
        """All days of the calendar month before the first day."""
        return month_of(self.asked.first.replace(day=1) - ONE_DAY)

    @property
    def is_cut(self) -> bool:
        """Whether the history begins within the days asked for."""
        return self.known is not None and self.known.first > self.asked.first


def month_of(day: date) -> Span:
    """The calendar month that has the day."""
    first = day.replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Span(first, following - ONE_DAY)


def usual_month(days: Mapping[date, bool]) -> date:
    """The month to show unless one is asked for; `days` says which ones are final.

    The running month from its seventh complete day on, else the one before, where any
    day of it was fetched. "Today" is the last final day.
    """
    final = [day for day in days if days[day]]
    today = max(final or days)
    running = month_of(today)
    if sum(day in running for day in final) >= ENOUGH_DAYS:
        return running.first
    last_full = month_of(running.first - ONE_DAY)
    return last_full.first if any(day in last_full for day in days) else running.first


def period_of(
    asked: Span, days: Collection[date], *, is_month: bool | None = None
) -> Period:
    """The period of some days, given the fetched ones."""
    if is_month is None:
        is_month = asked == month_of(asked.first)
    history = Span(min(days), max(days))
    known = Span(max(asked.first, history.first), min(asked.last, history.last))
    if not len(known):
        return Period(asked, None, None, is_month)
    before = _before(asked, known, is_month=is_month)
    has_before = known.first == asked.first and history.first <= before.last
    return Period(asked, known, before if has_before else None, is_month)


def _before(asked: Span, known: Span, *, is_month: bool) -> Span:
    if is_month:
        month = month_of(asked.first - ONE_DAY)
        days = (known.last - asked.first).days
        return Span(month.first, min(month.first + timedelta(days), month.last))
    last = asked.first - ONE_DAY
    return Span(last - timedelta((known.last - asked.first).days), last)
