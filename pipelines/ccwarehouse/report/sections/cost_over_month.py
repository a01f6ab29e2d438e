"""How the cost of a month adds up, beside the month before, forecast and budget."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

from .. import text
from ..blocks import Card, Column, Table, row
from ..charts import Chart, Entry, Hit, Level, Line, Scale
from ..charts.scale import Tick
from ..figures import ZERO, CurrencyFigures, Figures
from ..period import Span
from ..text import DASH, counted
from .days import caption


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
        Table(caption(spent, "Cost added up"), columns, rows),
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
