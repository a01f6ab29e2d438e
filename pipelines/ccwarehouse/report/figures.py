"""Figures that are shown more than once: each is computed here and nowhere else."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property

from .curve import ZERO, Curve
from .facts import Facts, Forecast, Units
from .period import Span
from .text import Money
from .users import HISTORY, Users

__all__ = ["HISTORY", "ZERO", "CurrencyFigures", "Figures", "per_person"]


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
    def users(self) -> Users:
        """How many people there were on each day of the charts."""
        return Users(self.facts.visits, self.days, self.shown, self.facts.is_weekend)


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
    def curve(self) -> Curve:
        """How it adds up over the month."""
        parts = (part for part in self.all.facts.forecast if self._has(part))
        history = Span(self.all.history_from, max(self.all.days))
        return Curve(self.by_day, self.now, self.all.known, history, tuple(parts))

    def _has(self, row: Forecast | Units) -> bool:
        return row.currency == self.currency

    def units(self, *, is_now: bool) -> Units | None:
        """What was counted on the days that have a cost."""
        return next(
            (
                units
                for units in self.all.facts.units
                if self._has(units) and bool(units.is_now) == is_now
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
