"""The demo's answers, as tables that fit on a screen of 80 columns."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from whole_days.privacy import brief

from ..budget_states import STATES
from ..warehouses import Warehouse
from . import queries

Rows = Sequence[Sequence[Any]]


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print one line without wrapping: a wrapped command cannot be copied.

    Rich's markup is off, because a path may contain brackets.
    """
    console.print(Text.assemble(*parts), soft_wrap=True)


def answer(warehouse: Warehouse, month: date, console: Console) -> None:
    """Print all answers; a missing number, like the rate of 0 of 0, is a dash."""
    with warehouse.client() as client:

        def ask(query: str, *params: Any) -> Rows:  # noqa: ANN401 (SQL values)
            named = query.format(marts=warehouse.marts)
            rows = client.execute_sql(named, *params) or ()
            return [[_brief(cell) for cell in row] for row in rows]

        _teams(ask(queries.COST_BY_TEAM, month), month, console)
        _users(ask(queries.COSTLIEST_USERS, month), month, console)
        _bill(ask(queries.TIES, month), month, console)
        _tools(ask(queries.ACCEPTANCE_BY_TOOL), console)
        _story(
            ask(queries.UNUSUAL_DAY), ask(queries.STOPPED), ask(queries.NEW), console
        )


def _teams(rows: Rows, month: date, console: Console) -> None:
    table = _table("team", "cost", "budget", "currency", "spent", "")
    for *figures, state in rows:
        cells = _cells(figures, "", ",.2f", ",.0f", "", ".0%")
        table.add_row(*cells, STATES.get(state, "no budget"))
    _print(f"What does it cost? Teams and their budgets, {month:%B %Y}", table, console)


def _users(rows: Rows, month: date, console: Console) -> None:
    table = _table("user", "customer type", "days", "cost", "currency", "share")
    for row in rows:
        table.add_row(*_cells(row, "", "", "", ",.2f", "", ".1%"))
    _print(f"Who uses it? The five costliest users of {month:%B %Y}", table, console)


def _bill(rows: Rows, month: date, console: Console) -> None:
    """What is compared, why it differs, and what cannot be compared."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    people = [row for row in rows if row[0] == "sign_in" and row[5] is not None]
    if people:
        estimated, billed, difference = (
            sum(row[place] for row in people) for place in (3, 4, 5)
        )
        why = ", ".join(
            f"{reason.replace('_', ' ')} {amount:,.2f}"
            for _, reason, *_, amount in people
            if reason
        )
        table.add_row("sign-ins", f"estimate {estimated:,.2f}, bill {billed:,.2f} USD")
        table.add_row("difference", f"{difference:,.2f} USD: {why}")
    elsewhere = sum(row[4] for row in rows if row[0] == "elsewhere" and row[4])
    table.add_row(
        "elsewhere", f"{elsewhere:,.2f} USD: keys and other programs, not told apart"
    )
    _print(f"Does it tie to the bill? {month:%B %Y}", table, console)


def _tools(rows: Rows, console: Console) -> None:
    table = _table("tool", "accepted", "proposals", "rate")
    for row in rows:
        table.add_row(*_cells(row, "", ",", ",", ".1%"))
    _print(
        "Do people accept what it proposes? Acceptance by tool, all days",
        table,
        console,
    )


def _story(unusual: Rows, stopped: Rows, new: Rows, console: Console) -> None:
    table = Table(box=None, show_header=False, padding=(0, 2))
    for day, cost, usual, currency, actor, excess in unusual:
        text = f"{_day(day)} cost {cost:,.2f} {currency}, {usual:,.2f} is usual"
        who = f": {actor} alone cost {excess:,.2f} more than usual"
        table.add_row("unusual", text + (who if actor else ""))
    for actor, day in stopped:
        table.add_row("stopped", f"{actor}, last seen on {_day(day)}")
    for actor, day in new:
        table.add_row("new", f"{actor}, first seen on {_day(day)}")
    _print("What stands out?", table, console)


def _brief(cell: Any) -> Any:  # noqa: ANN401 (SQL values)
    return brief(cell) if isinstance(cell, str) else cell


def _day(day: date) -> str:
    return f"{day:%a} {day.day} {day:%B}"


def _cells(row: Sequence[Any], *formats: str) -> list[str]:
    return [
        "-" if value is None else format(value, form)
        for value, form in zip(row, formats, strict=True)
    ]


def _table(label: str, *numbers: str) -> Table:
    table = Table(label, box=box.SIMPLE_HEAD, show_edge=False)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _print(title: str, table: Table, console: Console) -> None:
    say(console, ("\n" + title, "bold"))
    console.print(table)
