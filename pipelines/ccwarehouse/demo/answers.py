"""The demo's answers, as tables that fit on a screen of 80 columns."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from whole_days.privacy import brief

from ..budget_states import STATES
from ..warehouses import Warehouse, has_further
from . import queries

Rows = Sequence[Sequence[Any]]


class Tie(NamedTuple):
    """Estimate and bill of a part of the month with one reason for what differs."""

    part: str
    reason: str | None
    currency: str
    estimated: Decimal | None
    billed: Decimal | None
    difference: Decimal | None


def say(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print one line without wrapping: a wrapped command cannot be copied.

    Rich's markup is off, because a path may contain brackets.
    """
    console.print(Text.assemble(*parts), soft_wrap=True)


def answer(warehouse: Warehouse, month: date, console: Console) -> None:
    """Print all answers; a missing number, like the rate of 0 of 0, is a dash."""
    loaded = warehouse.loaded_schemas()
    with warehouse.client() as client:

        def ask(query: str, *params: Any) -> Rows:  # noqa: ANN401 (SQL values)
            named = query.format(marts=warehouse.marts)
            rows = client.execute_sql(named, *params) or ()
            return [[_brief(cell) for cell in row] for row in rows]

        _teams(ask(queries.COST_BY_TEAM, month), month, console)
        _users(ask(queries.COSTLIEST_USERS, month), month, console)
        rows = ask(queries.TIES, month) if has_further(loaded) else ()
        _bill([Tie(*row) for row in rows], month, console)
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


def _bill(ties: Sequence[Tie], month: date, console: Console) -> None:
    """For each currency: what is compared, why it differs, what cannot be compared."""
    table = Table(box=None, show_header=False, padding=(0, 2))
    for currency in sorted({tie.currency for tie in ties if tie.billed is not None}):
        for words in _of_currency([tie for tie in ties if tie.currency == currency]):
            table.add_row(*words)
    if not table.rows:
        table.add_row("no bill", "nothing of the month's bill is loaded")
    _print(f"Does it tie to the bill? {month:%B %Y}", table, console)


def _of_currency(ties: Sequence[Tie]) -> Iterator[tuple[str, str]]:
    compared = [tie for tie in ties if tie.difference is not None]
    if compared:
        estimate = _sum((tie.estimated for tie in compared), compared)
        bill = _sum((tie.billed for tie in compared), compared)
        yield "sign-ins", f"estimate {estimate}, bill {bill}"
        why = ", ".join(
            f"{tie.reason.replace('_', ' ')} {tie.difference:,.2f}"
            for tie in compared
            if tie.reason
        )
        difference = _sum((tie.difference for tie in compared), compared)
        yield "difference", f"{difference}: {why}" if why else difference
    if elsewhere := [tie for tie in ties if tie.part == "elsewhere"]:
        billed = _sum((tie.billed for tie in elsewhere), elsewhere)
        yield "elsewhere", f"{billed}: keys and other programs, not told apart"


def _sum(amounts: Iterable[Decimal | None], ties: Sequence[Tie]) -> str:
    total = sum((amount or Decimal(0) for amount in amounts), Decimal(0))
    return f"{total:,.2f} {ties[0].currency}"


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
