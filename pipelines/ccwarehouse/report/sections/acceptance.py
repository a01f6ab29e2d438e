"""How proposals are met, a small chart for each tool. A rate has no target."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Final

from .. import names, text
from ..blocks import Card, Column, Section, SmallChart, Table, row
from ..charts import Chart, Hit, Line, Scale, Tick
from ..figures import Figures
from ..text import DASH, percent

ENOUGH: Final = 20  # proposals a week: fewer are 17 points more or less
MOST_TOOLS: Final = 6

Weeks = dict[date, tuple[int, int]]


def sections(figures: Figures) -> list[Section]:
    """A section, where there are proposals."""
    found = card(figures)
    return [Section("Acceptance", [found])] if found else []


def card(figures: Figures) -> Card | None:
    """The rates by week, and those of the period as text."""
    tools = _by_tool(figures)
    if not tools:
        return None
    weeks = _weeks(figures)
    shown = list(tools)[:MOST_TOOLS]
    small = [
        _small(figures, tool, tools[tool], weeks, number)
        for number, tool in enumerate(shown, 1)
    ]
    columns = [Column("Week from", is_number=False)]
    columns += [Column(names.tool(tool)) for tool in shown]
    rows = [
        row(
            text.long_day(week),
            *(_rate(*tools[tool].get(week, (0, 0))) for tool in shown),
        )
        for week in reversed(weeks)
    ]
    notes = [
        "In auto-accept modes nobody is asked and the proposal counts as accepted: a"
        " high rate says that people let it work, not that the code was good."
    ]
    if len(tools) > len(shown):
        more = ", ".join(names.tool(tool) for tool in list(tools)[MOST_TOOLS:][:6])
        notes.insert(0, f"Left out, as they are used least: {more}.")
    period = figures.facts.period
    assert period
    whose = period.name if period.is_month else "these days"
    return Card(
        "Are proposals accepted?",
        "Accepted of all proposals to edit a file, by week; the figures are of"
        f" {whose}. Weeks with fewer than {ENOUGH} proposals have no point.",
        table=Table("Accepted of all proposals, by week", columns, rows),
        small=small,
        notes=notes,
        kind="small",
    )


def _by_tool(figures: Figures) -> dict[str, Weeks]:
    """Accepted and all proposals by week of the charts, the most used tool first."""
    tools: dict[str, Weeks] = defaultdict(dict)
    for found in figures.facts.tools:
        if found.date in figures.shown:
            week = found.date - timedelta(found.date.weekday())
            accepted, proposals = tools[found.tool].get(week, (0, 0))
            counts = (accepted + found.accepted, proposals + found.proposals)
            tools[found.tool][week] = counts
    used = {tool: sum(of for _, of in weeks.values()) for tool, weeks in tools.items()}
    order = sorted((tool for tool in used if used[tool]), key=lambda t: (-used[t], t))
    return {tool: tools[tool] for tool in order}


def _weeks(figures: Figures) -> list[date]:
    """The Mondays of the charts, in order."""
    first = figures.shown.first - timedelta(figures.shown.first.weekday())
    number = (figures.shown.last - first).days // 7 + 1
    return [first + timedelta(weeks=week) for week in range(number)]


def _small(
    figures: Figures, tool: str, counts: Weeks, weeks: list[date], number: int
) -> SmallChart:
    found = [each for each in figures.facts.tools if each.tool == tool]
    now = [each for each in found if each.date in figures.known]
    accepted = sum(each.accepted for each in now)
    proposals = sum(each.proposals for each in now)
    name = names.tool(tool)
    values = [_share(*counts.get(week, (0, 0))) for week in weeks]
    ends = [Tick(0, _day(weeks[0]))]
    if len(weeks) > 3:
        ends.append(Tick(len(weeks) - 1, _day(weeks[-1])))
    chart = Chart(
        name=f"acceptance-{number}",
        title=name,
        told=f"A line of the share of accepted proposals of {name} by week",
        slots=max(len(weeks), 5),
        scale=Scale.of_shares(),
        layers=(Line(values, "current", has_dots=len(weeks) < 3),),
        ticks=tuple(ends),
        hits=tuple(
            Hit(
                slot,
                f"Week from {_day(week)}",
                (("accepted", _rate(*counts.get(week, (0, 0)))),),
            )
            for slot, week in enumerate(weeks)
        ),
        height=120,
    )
    value = percent(Decimal(accepted) / proposals, 1) if proposals else DASH
    of = f"of {proposals:,} proposals" if proposals else "no proposals"
    return SmallChart(name, value, of, chart)


def _day(day: date) -> str:
    return f"{day.day} {text.short_month(day)}"


def _share(accepted: int, proposals: int) -> float | None:
    return accepted / proposals if proposals >= ENOUGH else None


def _rate(accepted: int, proposals: int) -> str:
    if not proposals:
        return DASH
    return f"{percent(Decimal(accepted) / proposals)} of {proposals:,}"
