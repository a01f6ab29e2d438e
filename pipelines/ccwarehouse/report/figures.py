"""Figures that are shown more than once: each is reckoned here and nowhere else."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Final

from .facts import Facts, Units
from .period import ONE_DAY, Span, month_of
from .text import Money

HISTORY: Final = 28  # days, before which a window is not known
ZERO: Final = Decimal(0)


@dataclass(frozen=True)
class Figures:
    """What follows from facts in which something is known of the period."""

    facts: Facts

    @property
    def known(self) -> Span:
        """The days of the period that may be known."""
        assert self.facts.period
        assert self.facts.period.known
        return self.facts.period.known

    @property
    def before(self) -> Span | None:
        """The days to compare with."""
        assert self.facts.period
        return self.facts.period.before

    @property
    def days(self) -> Mapping[date, bool]:
        """The days fetched whole, each with whether it is final."""
        assert self.facts.calendar
        return self.facts.calendar.days

    @property
    def shown(self) -> Span:
        """The days of charts."""
        assert self.facts.shown
        return self.facts.shown

    @property
    def history_from(self) -> date:
        """The first day fetched whole."""
        return min(self.days)

    @property
    def missing_now(self) -> int:
        """Days of the period that were not fetched."""
        return self.facts.missing_in(self.known)

    @property
    def missing_before(self) -> int:
        """Days to compare with that were not fetched."""
        return self.facts.missing_in(self.before) if self.before else 0

    @property
    def provisional(self) -> list[date]:
        """Days of the period that are still to grow."""
        return [day for day in self.known if self.days.get(day) is False]

    @cached_property
    def currencies(self) -> list["CurrencyFigures"]:
        """The currencies of the days, the one of most rows first."""
        rows = Counter(cost.currency for cost in self.facts.costs)
        names = sorted(rows, key=lambda name: (-rows[name], name))
        return [
            CurrencyFigures(self, Money(name, is_only_one=len(names) == 1))
            for name in names
        ]

    @cached_property
    def accepted(self) -> tuple[int, int]:
        """Accepted and all proposals of the period."""
        return self._proposals(self.known)

    @cached_property
    def accepted_before(self) -> tuple[int, int]:
        """The same of the days to compare with."""
        return self._proposals(self.before) if self.before else (0, 0)

    def _proposals(self, span: Span) -> tuple[int, int]:
        tools = [tool for tool in self.facts.tools if tool.date in span]
        return sum(tool.accepted for tool in tools), sum(t.proposals for t in tools)

    def counted(self, what: str, span: Span | None) -> int:
        """A sum of `Activity` over days."""
        days = self.facts.activity if span else ()
        return sum(getattr(day, what) or 0 for day in days if span and day.date in span)

    @cached_property
    def users(self) -> "Users":
        """How many people there were on each day of the charts."""
        return Users(self)


@dataclass(frozen=True)
class CurrencyFigures:
    """What was spent in one currency."""

    all: Figures
    money: Money

    @property
    def currency(self) -> str:
        """Its code."""
        return self.money.currency

    @cached_property
    def by_day(self) -> Mapping[date, Decimal]:
        """Cost of each day that has any."""
        days: dict[date, Decimal] = defaultdict(lambda: ZERO)
        for cost in self.all.facts.costs:
            if cost.currency == self.currency:
                days[cost.date] += cost.cost
        return days

    @cached_property
    def by_model(self) -> Mapping[str, Mapping[date, Decimal]]:
        """Cost of each model on each day that has any."""
        models: dict[str, dict[date, Decimal]] = {}
        for cost in self.all.facts.costs:
            if cost.currency == self.currency:
                days = models.setdefault(cost.model, defaultdict(lambda: ZERO))
                days[cost.date] += cost.cost
        return models

    @cached_property
    def now(self) -> Decimal:
        """Cost of the period."""
        return self.of(self.all.known)

    @cached_property
    def subscribed(self) -> Decimal:
        """The part of it that is not billed by the token."""
        return sum(
            (
                cost.cost
                for cost in self.all.facts.costs
                if cost.currency == self.currency
                and cost.customer_type == "subscription"
                and cost.date in self.all.known
            ),
            ZERO,
        )

    def of(self, span: Span) -> Decimal:
        """Cost of some days."""
        return sum((self.by_day.get(day, ZERO) for day in span), ZERO)

    @cached_property
    def before(self) -> Decimal:
        """Cost of the days to compare with."""
        return self.of(self.all.before) if self.all.before else ZERO

    @cached_property
    def curve(self) -> "Curve":
        """How it adds up over the month."""
        return Curve(self)

    def units(self, *, is_now: bool) -> Units | None:
        """What was counted on the days that have a cost."""
        return next(
            (
                units
                for units in self.all.facts.units
                if units.currency == self.currency and bool(units.is_now) == is_now
            ),
            None,
        )

    @property
    def per_person(self) -> Decimal | None:
        """What people cost by people, of the period."""
        return per_person(self.units(is_now=True))

    @property
    def coverage(self) -> Decimal | None:
        """Share of the sessions that carry a cost."""
        sessions = self.all.counted("sessions", self.all.known)
        units = self.units(is_now=True)
        return Decimal(units.sessions or 0) / sessions if units and sessions else None


def per_person(units: Units | None) -> Decimal | None:
    """What people cost by people."""
    if units is None or not units.people or units.cost_of_people is None:
        return None
    return units.cost_of_people / units.people


@dataclass(frozen=True)
class Curve:
    """Cost added up from the first of the month on: this month, the one before it, and
    what is expected. The tile with the forecast is the end of this curve.
    """

    of: CurrencyFigures

    @property
    def month(self) -> Span:
        """All days of the month."""
        return month_of(self.of.all.known.last)

    @property
    def month_before(self) -> Span:
        """All days of the month before it."""
        return month_of(self.month.first - ONE_DAY)

    @cached_property
    def now(self) -> list[Decimal | None]:
        """A sum for each day of the month; None before and after what is known."""
        return self._added_up(self.month, self.of.all.known)

    @cached_property
    def before(self) -> list[Decimal | None]:
        """A sum for each day of the month before; all None if it began earlier."""
        history = Span(self.of.all.history_from, max(self.of.all.days))
        if self.month_before.first not in history:
            return [None for _ in self.month_before]
        return self._added_up(self.month_before, history)

    def _added_up(self, month: Span, known: Span) -> list[Decimal | None]:
        total = ZERO
        sums: list[Decimal | None] = []
        for day in month:
            total += self.of.by_day.get(day, ZERO)
            sums.append(total if day in known else None)
        return sums

    @cached_property
    def expected(self) -> list[Decimal | None]:
        """From the last known day on what the month will have cost by then.

        Missing days, and what provisional ones are still to grow, count from the first
        day to come on. All None where there is no forecast.
        """
        likely = self._likely()
        last = self.of.all.known.last
        if likely is None or last == self.month.last:
            return [None for _ in self.month]
        sums: list[Decimal | None] = []
        for day in self.month:
            if day < last:
                sums.append(None)
            elif day == last:
                sums.append(self.of.now)
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
        for part in self.of.all.facts.forecast:
            if part.currency == self.of.currency:
                if part.likely is None:
                    return None
                days[part.date] += part.likely
        return days or None


@dataclass(frozen=True)
class Users:
    """People of each day of the charts, of the 7 and of the 28 days to it."""

    all: Figures

    def daily(self, day: date) -> int | None:
        """People of a day; None where it was not fetched."""
        return self._counts[day][0] if day in self.all.days else None

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
        people = [self._counts[day][0] for day in days if day.weekday() < 5]
        return Decimal(sum(people)) / len(people)

    def _is_known(self, day: date, length: int) -> bool:
        return all(day - timedelta(back) in self.all.days for back in range(length))

    @cached_property
    def _counts(self) -> Mapping[date, tuple[int, int, int]]:
        """A person enters both windows with each visit and leaves them with the next
        one, or when they have passed.
        """
        changes: dict[date, list[int]] = defaultdict(lambda: [0, 0, 0])
        for day, following, people in self.all.facts.visits:
            changes[day][0] += people
            for place, length in ((1, 7), (2, HISTORY)):
                leaves = day + timedelta(length)
                changes[day][place] += people
                changes[min(leaves, following or leaves)][place] -= people
        week = month = 0
        counts: dict[date, tuple[int, int, int]] = defaultdict(lambda: (0, 0, 0))
        shown = self.all.shown
        for day in Span(shown.first - timedelta(HISTORY - 1), shown.last):
            dau, week_change, month_change = changes[day]
            week, month = week + week_change, month + month_change
            counts[day] = (dau, week, month)
        return counts
