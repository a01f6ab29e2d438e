"""What each day cost, by model."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Final

from .. import names, text
from ..blocks import Card, Column, Table, row
from ..charts import Bars, Chart, Entry, Hit, Marks, Scale, Segment
from ..charts.axis import date_ticks
from ..figures import ZERO, CurrencyFigures
from ..text import DASH
from .days import LEAST_SLOTS, caption, dated, gaps, pale
from .paints import paints

MOST_MODELS: Final = 5


def by_model(spent: CurrencyFigures, ending: str) -> Card:
    """A bar for each day of thirteen weeks, its models on top of each other."""
    figures, say = spent.all, spent.money
    days = list(figures.shown)
    series = _series(spent, days)
    totals = [spent.by_day.get(day, ZERO) for day in days]
    stacks = [
        [Segment(float(costs.get(day, ZERO)), paint) for _, paint, costs in series]
        for day in days
    ]
    unusual = {
        days.index(found.date): float(spent.by_day.get(found.date, ZERO))
        for found in figures.facts.anomalies
        if found.currency == spent.currency and found.date in figures.shown
    }
    cells = [_cells(spent, series, day) for day in days]
    headings = ["Total", *(name for name, _, _ in series)]
    legend = [
        Entry(name, say(sum((costs.get(d, ZERO) for d in figures.known), ZERO)), paint)
        for name, paint, costs in series
    ]
    if unusual:
        legend.append(Entry("unusual day", "", "sign", "sign"))
    first, last = days[0], days[-1]
    chart = Chart(
        name=f"cost-per-day{ending.lower()}",
        title="Cost per day, by model",
        told=_told(spent, days, totals),
        slots=max(len(days), LEAST_SLOTS),
        scale=Scale.of(max(*totals, ZERO), say.tick),
        layers=(
            gaps(figures, days),
            Bars(stacks, pale(figures, days)),
            Marks(unusual),
        ),
        ticks=date_ticks(days),
        hits=tuple(
            Hit(slot, text.weekday_day(day), tuple(zip(headings, texts, strict=True)))
            for slot, (day, texts) in enumerate(zip(days, cells, strict=True))
        ),
        legend=tuple(legend),
        height=240,
    )
    rows = [
        row(dated(figures, day), *texts)
        for day, texts in reversed(list(zip(days, cells, strict=True)))
    ]
    columns = [Column("Day", is_number=False), *map(Column, headings)]
    period = figures.facts.period
    assert period
    return Card(
        chart.title,
        f"Estimated cost in {text.plain(spent.currency, 12)},"
        f" {text.span(first, last)}, UTC days. The figures beside the colours are"
        f" {_whose(period.name)}.",
        chart,
        Table(caption(spent, "Cost per day and model"), columns, rows),
        kind="charted",
    )


def _whose(name: str) -> str:
    return "of these days" if name == "these days" else f"{name}’s"


def _cells(spent: CurrencyFigures, series: "Series", day: date) -> list[str]:
    if day not in spent.all.days:
        return ["missing", *("" for _ in series)]
    say = spent.money
    costs = (costs.get(day) for _, _, costs in series)
    rest = [DASH if cost is None else say(cost) for cost in costs]
    return [say(spent.by_day.get(day, ZERO)), *rest]


Series = list[tuple[str, str, dict[date, Decimal]]]


def _series(spent: CurrencyFigures, days: Sequence[date]) -> Series:
    """The five costliest models of these days, and all others as one."""
    called = names.models(spent.by_model)
    painted = paints(list(spent.by_model))
    shown = {
        model: {day: costs[day] for day in days if day in costs}
        for model, costs in spent.by_model.items()
    }
    costliest = sorted(
        (model for model in shown if shown[model]),
        key=lambda model: (-sum(shown[model].values()), model),
    )
    named = costliest if len(costliest) == MOST_MODELS + 1 else costliest[:MOST_MODELS]
    series = [(called[model], painted[model], shown[model]) for model in named]
    if others := costliest[len(named) :]:
        rest = {
            day: sum((shown[model].get(day, ZERO) for model in others), ZERO)
            for day in days
            if any(day in shown[model] for model in others)
        }
        series.append((f"{len(others)} others", "rest", rest))
    return series


def _told(
    spent: CurrencyFigures, days: Sequence[date], totals: Sequence[Decimal]
) -> str:
    most = max(range(len(days)), key=lambda slot: totals[slot])
    return (
        f"Bars of the cost per day by model, {text.span(days[0], days[-1])}; the most,"
        f" {spent.money(totals[most])}, on {text.weekday_day(days[most])}"
    )
