"""What it costs: by day and model, over the month, and by what was done."""

import re
from collections.abc import Iterator, Sequence
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final

from .. import names, text
from ..blocks import Card, Column, Table, row
from ..charts import Bars, Chart, Entry, Gaps, Hit, Level, Line, Marks, Scale, Segment
from ..charts.axis import date_ticks
from ..charts.scale import Tick
from ..facts import Units
from ..figures import ZERO, CurrencyFigures, Figures, per_person
from ..period import Span
from ..text import DASH, counted, percent

MOST_MODELS: Final = 5
OTHER: Final = "Other"
LEAST_SLOTS: Final = 28  # so that a few days are not a few walls
FAMILIES: Final = ("opus", "sonnet", "haiku")
SHADES: Final = 3


def paints(models: Sequence[str]) -> dict[str, str]:
    """A colour for each model by its family, the same whichever others there are.

    Of a family the newest version has the first shade.
    """
    found: dict[str, str] = {}
    for family in (*FAMILIES, "model"):
        of_family = [name for name in models if _family(name) == family]
        newest_first = sorted(of_family, key=_version, reverse=True)
        for place, name in enumerate(newest_first):
            found[name] = f"{family}-{min(place, SHADES - 1) + 1}"
    return found


def _family(model: str) -> str:
    return next((name for name in FAMILIES if name in model), "model")


def _version(model: str) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"[0-9]{1,4}(?![0-9])", model)], model


def gaps(figures: Figures, days: Sequence[date]) -> Gaps:
    """The days of a chart that were not fetched, neighbours together."""
    known = figures.days
    missing = [slot for slot, day in enumerate(days) if day not in known]
    runs = []
    for _, found in groupby(enumerate(missing), lambda pair: pair[1] - pair[0]):
        slots = [slot for _, slot in found]
        runs.append((slots[0], slots[-1]))
    return Gaps(tuple(runs))


def pale(figures: Figures, days: Sequence[date]) -> frozenset[int]:
    """The days of a chart that are provisional."""
    found = (slot for slot, day in enumerate(days) if figures.days.get(day) is False)
    return frozenset(found)


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
        row(_dated(figures, day), *texts)
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
        Table(_caption(spent, "Cost per day and model"), columns, rows),
        kind="charted",
    )


def _caption(spent: CurrencyFigures, words: str) -> str:
    """Of two tables with the same words each has a name of its own."""
    many = len(spent.all.currencies) > 1
    return f"{words}, {text.plain(spent.currency, 12)}" if many else words


def _whose(name: str) -> str:
    return "of these days" if name == "these days" else f"{name}’s"


def _dated(figures: Figures, day: date) -> str:
    is_final = figures.days.get(day)
    state = " (missing)" if is_final is None else "" if is_final else " (provisional)"
    return f"{text.weekday_day(day)} {day.year}{state}"


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


def over_month(spent: CurrencyFigures, ending: str) -> Card:
    """How the month adds up, beside the one before, the forecast and the budget."""
    figures, say, curve = spent.all, spent.money, spent.curve
    month, before = curve.month, curve.month_before
    name, name_before = text.month_name(month.first), text.month_name(before.first)
    is_running = curve.forecast is not None
    budget = _budget(spent)
    slots = max(len(month), len(before))
    is_over = figures.known.last >= month.last
    series = [(name, curve.now)]
    if is_running:
        series.append(("forecast", curve.expected))
    if any(value is not None for value in curve.before):
        series.append((name_before, curve.before))
    cells = [_at(say, [values for _, values in series], slot) for slot in range(slots)]
    headings = [heading for heading, _ in series]
    most = max(
        (value for _, values in series for value in values if value), default=ZERO
    )
    layers: list[Line | Level] = [
        Line(_floats(curve.before), "earlier"),
        Line(_floats(curve.expected), "expected"),
        Line(_floats(curve.now), "current"),
    ]
    legend = [
        Entry(_until(name, figures), say(spent.now), "current", "line"),
        *(
            [Entry("forecast", say(curve.forecast), "expected", "dots")]
            if curve.forecast is not None
            else []
        ),
        *_entry_before(figures, curve.before[-1], before, say),
    ]
    if budget is not None:
        layers.insert(0, Level(float(budget), "budget"))
        legend.append(Entry("budget", say(budget), "budget", "dash"))
        most = max(most, budget)
    chart = Chart(
        name=f"month{ending.lower()}",
        title=f"{name}, added up" if is_over else f"{name} so far",
        told=f"Lines of the cost added up over {name}, beside {name_before}",
        slots=slots,
        scale=Scale.of(most, say.tick),
        layers=tuple(layers),
        ticks=tuple(
            Tick(slot, str(slot + 1), slot % 14 != 0) for slot in range(0, slots, 7)
        ),
        hits=tuple(
            Hit(slot, f"Day {slot + 1}", tuple(zip(headings, texts, strict=True)))
            for slot, texts in enumerate(cells)
        ),
        legend=tuple(legend),
    )
    how = (
        " Forecast: spent so far, and for each day to come the mean of its weekday"
        " over the last 28 days."
    )
    columns = [Column("Day of the month", is_number=False), *map(Column, headings)]
    rows = [
        row(str(slot + 1), *texts) for slot, texts in reversed(list(enumerate(cells)))
    ]
    return Card(
        chart.title,
        f"Cost added up over the month.{how if is_running else ''}",
        chart,
        Table(_caption(spent, "Cost added up"), columns, rows),
        width="wide",
        kind="charted",
    )


def _until(name: str, figures: Figures) -> str:
    days, missing = len(figures.known), figures.missing_now
    if missing:
        return f"{name}, {days - missing} of {counted(days, 'day')}"
    return f"{name}, {counted(days, 'day')}"


def _entry_before(
    figures: Figures, whole: Decimal | None, before: Span, say: text.Money
) -> Iterator[Entry]:
    name = text.month_name(before.first)
    if whole is None:
        if any(day in figures.days for day in before):
            yield Entry(f"{name} is not loaded whole", "", "earlier", "line")
        return
    if missing := figures.facts.missing_in(before):
        name = f"{name} ({counted(missing, 'day')} missing)"
    yield Entry(name, say(whole), "earlier", "line")


def _budget(spent: CurrencyFigures) -> Decimal | None:
    """The organisation's own."""
    return next(
        (
            budget.amount
            for budget in spent.all.facts.budgets
            if budget.scope == "organisation"
            and budget.basis == "all"
            and budget.currency == spent.currency
        ),
        None,
    )


def _floats(values: Sequence[Decimal | None]) -> list[float | None]:
    return [None if value is None else float(value) for value in values]


def _at(
    say: text.Money, series: Sequence[Sequence[Decimal | None]], slot: int
) -> list[str]:
    values = (line[slot] if slot < len(line) else None for line in series)
    return [DASH if value is None else say(value) for value in values]


def units(spent: CurrencyFigures) -> Card:
    """What the cost is by what was counted on the same days of the same actors."""
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
        table=Table(_caption(spent, "Cost of a unit"), heads, rows),
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


def cards(spent: CurrencyFigures) -> Iterator[Card]:
    """The first cards of a currency's section."""
    period = spent.all.facts.period
    assert period
    ending = f"-{spent.currency}" if len(spent.all.currencies) > 1 else ""
    ending = re.sub("[^A-Za-z-]", "", ending)
    yield by_model(spent, ending)
    if period.is_month:
        yield over_month(spent, ending)
    yield units(spent)
