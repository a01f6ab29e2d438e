"""The demo: load a made-up organisation and answer three questions about it."""

import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from claude_code_analytics import CLAUDE_CODE, UsageSummary, resolve_settings
from claude_code_analytics.fake import DEMO_API_KEY, FakeApi
from whole_days.calendar import Calendar

from .load import Outcome, Request, load, plan
from .warehouses import Warehouse, open_warehouse
from .words.progress import watch

DATASET = "claude_code"
DAYS = 60

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

COSTLIEST_USERS = """
    select actor, customer_type, active_days, estimated_cost, currency, cost_share
    from {marts}.user_cost_monthly
    where month = %s and estimated_cost is not null
    order by estimated_cost desc
    limit 10
"""

COST_BY_MODEL = """
    select model, customer_type, sum(estimated_cost) as estimated_cost, currency
    from {marts}.model_cost_daily
    group by model, customer_type, currency
    order by estimated_cost desc nulls last
"""


def run(database: Path, console: Console) -> None:
    """Load the last 60 days of the organisation into a new file and print answers.

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
        outcome = _load(warehouse, api.url, now)
        warehouse.build_views()
        _say(
            console,
            f"{len(outcome.loaded)} days with {outcome.records:,} records are loaded "
            f"into {database} in {outcome.seconds:.1f} s.",
        )
        answer(warehouse, last_full_month(now), console)
    say_how_to_go_on(database, console)


def say_how_to_go_on(database: Path, console: Console) -> None:
    """Print the commands that load your own data and query the demo's."""
    loads = f"ANTHROPIC_ADMIN_KEY=... {_command('ccwarehouse', 'load')}"
    asks = _command("duckdb", str(database))
    _say(console, "Load your own data: ", (loads, "bold"))
    _say(console, "Query this data:    ", (asks, "bold"))


def _say(console: Console, *parts: str | tuple[str, str]) -> None:
    """Print one line without wrapping: a wrapped command cannot be copied.

    Rich's markup is off, because a path may contain brackets.
    """
    console.print(Text.assemble(*parts), soft_wrap=True)


def _command(name: str, *words: str) -> str:
    """The command line of a program: by name, or by path if it is only in this venv.

    If the program is not installed, the line runs it with pipx.
    """
    beside = Path(sys.executable).with_name(name)
    if shutil.which(name):
        program = [name]
    elif beside.exists():
        program = [os.path.relpath(beside)]
    else:
        program = ["pipx", "run", "--spec", f"{name}-cli", name]
    return shlex.join([*program, *words])


def last_full_month(now: datetime, settle: timedelta = timedelta(minutes=90)) -> date:
    """The first day of the last month whose days are all complete."""
    tomorrow = Calendar(now, settle).last_complete + timedelta(days=1)
    return (tomorrow.replace(day=1) - timedelta(days=1)).replace(day=1)


def _load(warehouse: Warehouse, url: str, now: datetime) -> Outcome[UsageSummary]:
    settings = resolve_settings(base_url=url, api_key=DEMO_API_KEY, account="default")
    end = Calendar(now, settings.settle).last_complete
    # a month of 31 days may begin 61 days ago
    start = min(end - timedelta(days=DAYS - 1), last_full_month(now, settings.settle))
    chosen = plan(Request(start, end), {}, now, settings)
    stderr = Console(stderr=True)
    with watch(stderr, len(chosen.wanted), quiet=not stderr.is_terminal) as progress:
        return load(warehouse, CLAUDE_CODE, chosen, settings, progress)


def answer(warehouse: Warehouse, month: date, console: Console) -> None:
    """Print the three answers; a missing number, like the rate of 0 of 0, is a dash."""
    with warehouse.client() as client:

        def ask(query: str, *params: Any) -> Sequence[Sequence[Any]]:  # noqa: ANN401 (SQL values)
            named = query.format(marts=warehouse.marts)
            return client.execute_sql(named, *params) or ()

        tools = ask(ACCEPTANCE_BY_TOOL)
        users = ask(COSTLIEST_USERS, month)
        models = ask(COST_BY_MODEL)
    table = _table("tool", "accepted", "proposals", "rate")
    for row in tools:
        table.add_row(*_cells(row, "", ",", ",", ".1%"))
    _print("Do people accept what it proposes? Acceptance rate by tool", table, console)
    table = _table("user", "customer type", "days", "cost", "currency", "share")
    for row in users:
        table.add_row(*_cells(row, "", "", "", ",.2f", "", ".1%"))
    _print(f"Who uses it? The ten costliest users of {month:%B %Y}", table, console)
    table = _table("model", "customer type", "cost", "currency")
    for row in models:
        table.add_row(*_cells(row, "", "", ",.2f", ""))
    _print("What does it cost? Estimated cost by model", table, console)


def _cells(row: Sequence[Any], *formats: str) -> list[str]:
    return [
        "-" if value is None else format(value, form)
        for value, form in zip(row, formats, strict=True)
    ]


def _table(label: str, *numbers: str) -> Table:
    table = Table(label, box=box.SIMPLE_HEAD)
    for name in numbers:
        table.add_column(name, justify="right")
    return table


def _print(title: str, table: Table, console: Console) -> None:
    _say(console, ("\n" + title, "bold"))
    console.print(table)
