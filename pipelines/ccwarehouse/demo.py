"""The demo: a made-up organisation, loaded for real, and the questions people ask."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from claude_code_analytics import CLAUDE_CODE, UsageSummary, resolve_settings
from claude_code_analytics.fake import (
    DEMO_API_KEY,
    FakeApi,
    budgets_csv,
    teams_csv,
)
from whole_days.calendar import Calendar

from .inputs import InputFile, read_budgets, read_teams
from .load import Outcome, Request, load, plan
from .warehouses import Warehouse, open_warehouse
from .words.budgets import STATES
from .words.progress import watch

DATASET = "claude_code"
DAYS = 60
SETTLE = timedelta(minutes=90)

Rows = Sequence[Sequence[Any]]

COST_BY_TEAM = """
    select
        costs.team, sum(costs.estimated_cost) as estimated_cost, budgets.amount,
        costs.currency, budgets.share_spent, budgets.state
    from {marts}.team_cost_monthly as costs
    left join {marts}.teams as teams on costs.team = teams.team
    left join {marts}.budget_status as budgets
        on costs.team = budgets.name and budgets.scope = 'team'
        and budgets.basis = 'all' and costs.month = budgets.month
        and costs.currency = budgets.currency
    where costs.month = %s and costs.estimated_cost is not null
    group by
        costs.team, teams.position, costs.currency, budgets.amount,
        budgets.share_spent, budgets.state
    order by teams.position nulls last, costs.currency
"""

COSTLIEST_USERS = """
    select actor, customer_type, active_days, estimated_cost, currency, cost_share
    from {marts}.user_cost_monthly
    where month = %s and estimated_cost is not null
    order by estimated_cost desc
    limit 5
"""

ACCEPTANCE_BY_TOOL = """
    select
        tool,
        sum(accepted) as accepted,
        sum(proposals) as proposals,
        sum(accepted) / nullif(sum(proposals), 0) as acceptance_rate
    from {marts}.tool_acceptance_daily
    group by tool
    order by acceptance_rate desc nulls last
"""

UNUSUAL_DAY = """
    select date, estimated_cost, usual, currency, top_actor, top_actor_excess
    from {marts}.cost_anomalies
    where scope = 'organisation'
    order by excess desc
    limit 1
"""

STOPPED = """
    select actor, last_seen from {marts}.user_lifecycle
    where state = 'idle'
    order by last_seen desc, actor
    limit 2
"""

NEW = """
    select actor, first_seen from {marts}.user_lifecycle
    where state = 'new'
    order by first_seen desc, actor
    limit 2
"""


def run(database: Path, console: Console) -> None:
    """Load the last 60 days of the made-up organisation into a new file and ask it.

    Its teams and budgets are loaded as well.

    Raises OSError when the file cannot be replaced.
    """
    now = datetime.now(UTC)
    for old in (database, database.with_suffix(".duckdb.wal")):
        old.unlink(missing_ok=True)
    with (
        FakeApi() as api,
        open_warehouse("duckdb", database, DATASET, sole_writer=True) as warehouse,
    ):
        _say(console, f"A made-up organisation, served by a fake API at {api.url}:")
        outcome = fill(warehouse, api.url, *days_of_the_demo(now), now)
        _say(
            console,
            f"{len(outcome.loaded)} days with {outcome.records:,} records are in "
            f"{database} after {outcome.seconds:.1f} s.",
        )
        answer(warehouse, last_full_month(now), console)
        console.print()
    say_how_to_go_on(database, console)


def say_how_to_go_on(database: Path, console: Console) -> None:
    """The command that loads one's own data, and the one that asks the demo's."""
    loads = f"ANTHROPIC_ADMIN_KEY=... {_command('ccwarehouse', 'load')}"
    asks = _command("duckdb", str(database))
    _say(console, "Load your own: ", (loads, "bold"))
    _say(console, "Ask this one:  ", (asks, "bold"))


def _say(console: Console, *parts: str | tuple[str, str]) -> None:
    """One line however narrow the console is: a wrapped command cannot be copied.

    Rich's markup is not read, so that a path may contain brackets.
    """
    console.print(Text.assemble(*parts), soft_wrap=True)


def _command(name: str, *words: str) -> str:
    """How to call a program here: by name, or by path if only this environment has it.

    DuckDB's shell need not be installed; then the line is the one that fetches it.
    """
    beside = Path(sys.executable).with_name(name)
    if shutil.which(name):
        program = [name]
    elif beside.exists():
        program = [os.path.relpath(beside)]
    else:
        program = ["pipx", "run", "--spec", f"{name}-cli", name]
    return shlex.join([*program, *words])


def last_full_month(now: datetime, settle: timedelta = SETTLE) -> date:
    """The first day of the last month whose days are all complete."""
    tomorrow = Calendar(now, settle).last_complete + timedelta(days=1)
    return (tomorrow.replace(day=1) - timedelta(days=1)).replace(day=1)


def days_of_the_demo(now: datetime) -> tuple[date, date]:
    """The first and the last of 60 days, and of the whole last full month."""
    end = Calendar(now, SETTLE).last_complete
    # a month of 31 days may begin 61 days ago
    return min(end - timedelta(days=DAYS - 1), last_full_month(now)), end


def fill(
    warehouse: Warehouse, url: str, start: date, end: date, now: datetime
) -> Outcome[UsageSummary]:
    """Load these days from the fake API at `url`, then teams, budgets and views."""
    settings = resolve_settings(base_url=url, api_key=DEMO_API_KEY, account="default")
    chosen = plan(Request(start, end), {}, now, settings)
    stderr = Console(stderr=True)
    with watch(stderr, len(chosen.wanted), quiet=not stderr.is_terminal) as progress:
        outcome = load(warehouse, CLAUDE_CODE, chosen, settings, progress, lambda: now)
    with TemporaryDirectory() as folder:
        warehouse.store_inputs(_input_files(Path(folder), start, end), now)
    warehouse.build_views()
    return outcome


def _input_files(folder: Path, start: date, end: date) -> list[InputFile]:
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    teams, budgets = folder / "teams.csv", folder / "budgets.csv"
    teams.write_text(teams_csv())
    budgets.write_text(budgets_csv(sorted({day.replace(day=1) for day in days})))
    return [read_teams(teams), read_budgets(budgets)]


def answer(warehouse: Warehouse, month: date, console: Console) -> None:
    """Print what people ask; a number that there is none of, like 0 of 0, is a dash."""
    with warehouse.client() as client:

        def ask(query: str, *params: Any) -> Rows:  # noqa: ANN401 (SQL values)
            named = query.format(marts=warehouse.marts)
            return client.execute_sql(named, *params) or ()

        _teams(ask(COST_BY_TEAM, month), month, console)
        _users(ask(COSTLIEST_USERS, month), month, console)
        _tools(ask(ACCEPTANCE_BY_TOOL), console)
        _story(ask(UNUSUAL_DAY), ask(STOPPED), ask(NEW), console)


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
    _say(console, ("\n" + title, "bold"))
    console.print(table)
