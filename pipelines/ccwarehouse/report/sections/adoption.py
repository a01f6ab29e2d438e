"""Who uses it: people by day, whether they stay, and where it runs."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Final

from .. import text
from ..blocks import Bar, Card, Cell, Column, Row, Table, row
from ..charts import Bars, Chart, Entry, Hit, Line, Scale, Segment
from ..charts.axis import date_ticks
from ..facts import Cohort
from ..figures import Figures
from ..text import DASH, WITHHELD, counted, percent, plain
from .days import LEAST_SLOTS, dated, gaps, pale

MOST_TERMINALS: Final = 8
WIDE_COHORTS: Final = 4
HEATS: Final = 10


def cards(figures: Figures) -> Iterator[Card]:
    """The cards of the section."""
    cohorts = _cohorts(figures)
    is_wide = cohorts is not None and cohorts.width == "whole"
    yield _people(figures, is_alone=cohorts is None or is_wide)
    if cohorts:
        yield cohorts
    if terminals := _terminals(figures):
        yield terminals


def _people(figures: Figures, *, is_alone: bool) -> Card:
    days, users = list(figures.shown), figures.users
    dau = [users.daily(day) for day in days]
    wau = [users.weekly(day) for day in days]
    mau = [users.monthly(day) for day in days]
    headings = ("On the day", "In 7 days", "In 28 days")
    cells = [
        [_count(figures, day, value) for value in values]
        for day, *values in zip(days, dau, wau, mau, strict=True)
    ]
    most = max(
        (value for values in (dau, wau, mau) for value in values if value), default=0
    )
    last = -1
    chart = Chart(
        name="people",
        title="People who use it",
        told=f"Bars of the people per day, {text.span(days[0], days[-1])}, and lines of"
        " those of 7 and of 28 days",
        slots=max(len(days), LEAST_SLOTS),
        scale=Scale.of(most, lambda value: f"{value:,f}", is_whole=True),
        layers=(
            gaps(figures, days),
            Bars([[Segment(value or 0, "day")] for value in dau], pale(figures, days)),
            Line(wau, "week"),
            Line(mau, "month"),
        ),
        ticks=date_ticks(days),
        hits=tuple(
            Hit(slot, text.weekday_day(day), tuple(zip(headings, texts, strict=True)))
            for slot, (day, texts) in enumerate(zip(days, cells, strict=True))
        ),
        legend=(
            Entry("on the day", _mean(figures), "day"),
            Entry("in 7 days", cells[last][1], "week", "line"),
            Entry("in 28 days", cells[last][2], "month", "line"),
        ),
        height=220,
    )
    rows = [
        row(dated(figures, day), *texts)
        for day, texts in reversed(list(zip(days, cells, strict=True)))
    ]
    notes = []
    if any(value is None for value in mau):
        notes.append("Lines begin where 7 and 28 days of data lie before them.")
    if len(figures.facts.organisations) > 1:
        notes.append("Who is in several organisations counts in each.")
    columns = [Column("Day", is_number=False), *map(Column, headings)]
    return Card(
        chart.title,
        "Distinct people with any record. API keys are not people and are left out.",
        chart,
        Table(f"People, {text.span(days[0], days[-1])}", columns, rows),
        notes=notes,
        width="whole" if is_alone else "wide",
        kind="charted",
    )


def _mean(figures: Figures) -> str:
    mean = figures.users.on_working_days(figures.known.last)
    return "" if mean is None else f"{text.rounded(mean)} on a working day"


def _count(figures: Figures, day: date, value: int | None) -> str:
    if day not in figures.days:
        return "missing"
    return "not yet" if value is None else f"{value:,}"


def _cohorts(figures: Figures) -> Card | None:
    """Of those first seen in a month, the share that is there in each later one."""
    months: dict[date, dict[int, Cohort]] = {}
    for cohort in figures.facts.cohorts:
        months.setdefault(cohort.month, {})[cohort.months_since] = cohort
    later = max((since for of in months.values() for since in of), default=0)
    if not later:
        return None
    columns = [Column("First seen", is_number=False), Column("People")]
    columns += [Column(f"+{since}") for since in range(1, later + 1)]
    rows = [_cohort(month, of, later) for month, of in sorted(months.items())]
    marks = []
    if any(of[0].is_left_edge for of in months.values() if 0 in of):
        marks.append(
            "* The history begins here: its people may have been there before."
        )
    if any(of.retained is None for row_of in months.values() for of in row_of.values()):
        marks.append(
            f"{WITHHELD}: the share would tell who of a few was there, by itself or if"
            " the others are taken off."
        )
    if any(of.is_running for row_of in months.values() for of in row_of.values()):
        marks.append("… The month is still running.")
    return Card(
        "Do they stay?",
        "Of the people first seen in a month, the share active again in each month"
        " after it.",
        table=Table("People who stay, by month of their first use", columns, rows),
        notes=marks,
        width="whole" if later > WIDE_COHORTS else "narrow",
        kind="heat",
    )


def _cohort(month: date, of: dict[int, Cohort], later: int) -> Row:
    first = of.get(0) or next(iter(of.values()))
    name = f"{text.short_month(month)} {month.year}{'*' * first.is_left_edge}"
    cells = [_retained(of.get(since)) for since in range(1, later + 1)]
    return row(name, f"{first.users:,}", *cells)


def _retained(cohort: Cohort | None) -> Cell:
    if cohort is None or not cohort.users:
        return Cell("")
    if cohort.retained is None:
        return Cell(WITHHELD)
    share = Decimal(cohort.retained) / cohort.users
    heat = min(int(share * HEATS), HEATS - 1)
    running = "…" if cohort.is_running else ""
    return Cell(f"{percent(share)}{running}", paint=f"heat heat-{heat}")


def _terminals(figures: Figures) -> Card | None:
    found = sorted(
        (terminal for terminal in figures.facts.terminals if terminal.sessions),
        key=lambda terminal: (-terminal.sessions, terminal.terminal),
    )
    if not found:
        return None
    total = sum(terminal.sessions for terminal in found)
    shown = found if len(found) == MOST_TERMINALS + 1 else found[:MOST_TERMINALS]
    rows = [
        row(
            _terminal(terminal.terminal),
            Cell("", (Bar("bar", 0, 100 * terminal.sessions / found[0].sessions),)),
            f"{terminal.sessions:,}",
            percent(Decimal(terminal.sessions) / total),
            f"{terminal.commits:,}",
        )
        for terminal in shown
    ]
    if rest := found[len(shown) :]:
        sessions = sum(terminal.sessions for terminal in rest)
        commits = sum(terminal.commits for terminal in rest)
        share = percent(Decimal(sessions) / total)
        name = counted(len(rest), "other")
        rows.append(row(name, "", f"{sessions:,}", share, f"{commits:,}"))
    columns = [
        Column("Terminal", is_number=False),
        Column("", is_bar=True),
        Column("Sessions"),
        Column("Share"),
        Column("Commits", is_minor=True),
    ]
    period = figures.facts.period
    assert period
    return Card(
        "Where it runs",
        f"Sessions of {period.name} by terminal or editor, those of API keys among"
        " them.",
        table=Table("Sessions by terminal", columns, rows),
        kind="bars",
    )


def _terminal(name: str) -> str:
    return "Remote (web, cloud)" if name == "(remote)" else plain(name) or DASH
