"""How a month adds up, and what it will come to."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Final

from .facts import Forecast
from .period import ONE_DAY, Span, month_of

ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Curve:
    """Cost added up from the first of the month on: this month, the one before it, and
    what is expected. The tile with the forecast is the end of this curve.

    `spent` is the cost of the `known` days of the month, `history` all days that may be
    known, and `parts` what is forecast of the running month.
    """

    by_day: Mapping[date, Decimal]
    spent: Decimal
    known: Span
    history: Span
    parts: Sequence[Forecast]

    @property
    def month(self) -> Span:
        """All days of the month."""
        return month_of(self.known.last)

    @property
    def month_before(self) -> Span:
        """All days of the month before it."""
        return month_of(self.month.first - ONE_DAY)

    @cached_property
    def now(self) -> list[Decimal | None]:
        """A sum for each day of the month; None before and after what is known."""
        return self._added_up(self.month, self.known)

    @cached_property
    def before(self) -> list[Decimal | None]:
        """A sum for each day of the month before; all None if it began earlier."""
        if self.month_before.first not in self.history:
            return [None for _ in self.month_before]
        return self._added_up(self.month_before, self.history)

    def _added_up(self, month: Span, known: Span) -> list[Decimal | None]:
        total = ZERO
        sums: list[Decimal | None] = []
        for day in month:
            total += self.by_day.get(day, ZERO)
            sums.append(total if day in known else None)
        return sums

    @cached_property
    def expected(self) -> list[Decimal | None]:
        """From the last known day on what the month will have cost by then.

        Missing days, and what provisional ones are still to grow, count from the first
        day to come on. All None where there is no forecast.
        """
        likely = self._likely()
        last = self.known.last
        if likely is None or last == self.month.last:
            return [None for _ in self.month]
        sums: list[Decimal | None] = []
        for day in self.month:
            if day < last:
                sums.append(None)
            elif day == last:
                sums.append(self.spent)
            else:
                sums.append(sum((likely[d] for d in likely if d <= day), ZERO))
        return sums

    @property
    def forecast(self) -> Decimal | None:
        """What the whole month will cost."""
        return self.expected[-1]

    def _likely(self) -> dict[date, Decimal] | None:
        """What each day of the running month likely costs; None if that is unknown."""
        days: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for part in self.parts:
            if part.likely is None:
                return None
            days[part.date] += part.likely
        return days or None
