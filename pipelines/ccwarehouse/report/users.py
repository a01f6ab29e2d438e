"""How many people use it, counted from their visits."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

from .facts import Visits
from .period import Span

HISTORY: Final = 28  # days, before which a window is not known


@dataclass(frozen=True)
class Users:
    """People of each day of the charts, of the 7 and of the 28 days to it."""

    visits: Sequence[Visits]
    days: Mapping[date, bool]
    shown: Span
    is_weekend: Callable[[date], bool]

    def daily(self, day: date) -> int | None:
        """People of a day; None where it was not fetched."""
        return self._counts[day][0] if day in self.days else None

    def weekly(self, day: date) -> int | None:
        """People of 7 days; None where one of them was not fetched."""
        return self._counts[day][1] if self._is_known(day, 7) else None

    def monthly(self, day: date) -> int | None:
        """People of 28 days; None where one of them was not fetched."""
        return self._counts[day][2] if self._is_known(day, HISTORY) else None

    def on_working_days(self, last: date) -> Decimal | None:
        """People of a mean working day of the 28 to this one."""
        if not self._is_known(last, HISTORY):
            return None
        days = Span(last - timedelta(HISTORY - 1), last)
        people = [self._counts[day][0] for day in days if not self.is_weekend(day)]
        return Decimal(sum(people)) / len(people)

    def _is_known(self, day: date, length: int) -> bool:
        return all(day - timedelta(back) in self.days for back in range(length))

    @cached_property
    def _counts(self) -> Mapping[date, tuple[int, int, int]]:
        """A person enters both windows with each visit and leaves them with the next
        one, or when they have passed.
        """
        changes: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
        for day, following, people in self.visits:
            changes[day][0] += people
            for place, length in ((1, 7), (2, HISTORY)):
                leaves = day + timedelta(length)
                changes[day][place] += people
                changes[min(leaves, following or leaves)][place] -= people
        week = month = 0
        counts: dict[date, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        first = self.shown.first - timedelta(HISTORY - 1)
        for day in Span(first, self.shown.last):
            dau, week_change, month_change = changes[day]
            week, month = week + week_change, month + month_change
            counts[day] = (dau, week, month)
        return counts
