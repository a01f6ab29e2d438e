"""The cost divided by what was done."""

from .. import text
from ..blocks import Card, Column, Table, row
from ..facts import Units
from ..figures import CurrencyFigures, per_person
from ..period import Span
from ..text import DASH, percent
from .days import caption


def units(spent: CurrencyFigures) -> Card:
    """The cost divided by what was counted on the same days of the same actors."""
    now, before = spent.units(is_now=True), spent.units(is_now=False)
    figures, say = spent.all, spent.money
    heads = [Column("Per", is_number=False), Column(_heading(figures.known))]
    if figures.before:
        heads.append(Column(_heading(figures.before)))
    heads.append(Column("Divided by", is_minor=True))
    rows = [
        row(
            label,
            _quotient(now, what, thousands, say),
            *([_quotient(before, what, thousands, say)] if figures.before else []),
            f"{(getattr(now, what) or 0) if now else 0:,}",
        )
        for label, what, thousands in (
            ("active person", "people", 1),
            ("session", "sessions", 1),
            ("commit", "commits", 1),
            ("pull request", "pull_requests", 1),
            ("1,000 lines added", "lines_added", 1000),
        )
    ]
    coverage = spent.coverage
    notes = []
    if coverage is not None and round(coverage, 2) < 1:
        notes.append(
            f"{percent(1 - coverage)} of sessions carry no cost: unit costs are of the"
            f" other {percent(coverage)}."
        )
    return Card(
        "What a unit costs",
        "The cost divided by what was counted on the same days. One cost, five ways to"
        " divide it: they do not add up, and none is a price.",
        table=Table(caption(spent, "Cost of a unit"), heads, rows),
        width="narrow",
        kind="table",
        notes=notes,
    )


def _heading(span: Span) -> str:
    return text.short_span(span.first, span.last)


def _quotient(units: Units | None, what: str, times: int, say: text.Money) -> str:
    if what == "people":
        mean = per_person(units)
        return f"{DASH} (none)" if mean is None else say(mean)
    number = getattr(units, what) if units else 0
    if not number or units is None or units.cost is None:
        return f"{DASH} (none)"
    return say(units.cost * times / number)
