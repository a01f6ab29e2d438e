"""The demo: load a made-up organisation and print answers about it."""

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from anthropic_admin_api.fake import (
    DEMO_API_KEY,
    FakeApi,
    budgets_csv,
    teams_csv,
)
from claude_code_analytics import (
    UsageSettings,
    UsageSummary,
    private_report,
    resolve_settings,
)
from whole_days.calendar import Calendar
from whole_days.clock import utc_now
from whole_days.privacy import NAMED, Privacy

from ..end import End
from ..inputs import InputFile, Inputs, private_file, read_budgets, read_teams
from ..load import Plan, load, load_inputs, plan
from ..load import Request as LoadRequest
from ..neighbours import NAMES, Neighbour, load_neighbour
from ..outcome import Outcome
from ..privacy import resolve_privacy
from ..report import Request, write_report
from ..warehouses import Warehouse, open_warehouse
from ..words.load import end_of_load, failures
from ..words.neighbours import remarks, with_neighbours
from ..words.progress import Silence, watch
from .answers import answer, say

DATASET = "claude_code"
PAGE = "demo.html"  # beside the database
DAYS = 92  # two full months, and what there is of the next one
FURTHER = NAMES[1:]  # reports beside usage
SETTLE = timedelta(minutes=90)


@dataclass(frozen=True)
class Filled:
    """What became of the usage report and of the reports beside it."""

    plan: Plan
    outcome: Outcome[UsageSummary]
    neighbours: Sequence[Neighbour]

    @property
    def remarks(self) -> list[str]:
        """What is missing, and why."""
        return [*failures(self.plan, self.outcome), *remarks(self.neighbours)]

    def end(self, location: str) -> End:
        """With 0 only if all days of all reports are loaded."""
        usage = end_of_load(self.plan, self.outcome, location, quiet=True)
        return with_neighbours(usage, self.neighbours, quiet=True)


def run(
    api: FakeApi, database: Path, console: Console, remark: Callable[[str], None]
) -> End:
    """Load the last 92 days of the organisation into a new file and print answers.

    Its teams and budgets are loaded as well, and a page of the month is written beside
    the file. Its people have pseudonyms where the settings ask for them. `remark` is
    told what is missing. Raises OSError if a file cannot be replaced.
    """
    secret = resolve_privacy().secret
    now = utc_now()
    for old in (database, database.with_suffix(".duckdb.wal")):
        old.unlink(missing_ok=True)
    with open_warehouse("duckdb", database, DATASET, sole_writer=True) as warehouse:
        say(console, f"A made-up organisation, served by a fake API at {api.url}:")
        settle = _settings(api.url).settle
        days = days_of_the_demo(now, settle)
        privacy = warehouse.privacy(secret, begins=True)
        filled = fill(warehouse, api.url, *days, now, privacy, FURTHER)
        outcome = filled.outcome
        say(
            console,
            f"{len(outcome.loaded)} days with {outcome.records:,} records are loaded "
            f"into {database} in {outcome.seconds:.1f} s.",
        )
        for line in filled.remarks:
            remark(line)
        answer(warehouse, last_full_month(now, settle), console)
        console.print()
        page = write_report(warehouse, Request(), database.with_name(PAGE)).file
    say_how_to_go_on(database, page, console)
    return filled.end(str(database))


def say_how_to_go_on(database: Path, page: Path, console: Console) -> None:
    """Print where the page is, and the commands for your own data and the demo's."""
    loads = f"ANTHROPIC_ADMIN_KEY=... {_command('ccwarehouse', 'load')}"
    asks = _command("duckdb", str(database))
    say(console, "Open the page:      ", (str(page), "bold"))
    say(console, "Load your own data: ", (loads, "bold"))
    say(console, "Query this data:    ", (asks, "bold"))


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


def last_full_month(now: datetime, settle: timedelta = SETTLE) -> date:
    """The first day of the last month whose days are all complete."""
    tomorrow = Calendar(now, settle).last_complete + timedelta(days=1)
    return (tomorrow.replace(day=1) - timedelta(days=1)).replace(day=1)


def days_of_the_demo(now: datetime, settle: timedelta = SETTLE) -> tuple[date, date]:
    """The first and the last day, with the last two full months among them."""
    end = Calendar(now, settle).last_complete
    return end - timedelta(days=DAYS - 1), end


def _settings(url: str) -> UsageSettings:
    return resolve_settings(base_url=url, api_key=DEMO_API_KEY, account="default")


def fill(
    warehouse: Warehouse,
    url: str,
    start: date,
    end: date,
    now: datetime,
    privacy: Privacy = NAMED,
    further: Sequence[str] = (),
) -> Filled:
    """Load these days from the fake API at `url`, then teams, budgets and views.

    `further` are the reports to load as well.
    """
    settings, request = _settings(url), LoadRequest(start, end)
    chosen = plan(request, {}, now, settings)
    stderr = Console(stderr=True)
    with watch(stderr, len(chosen.wanted), quiet=not stderr.is_terminal) as progress:
        report = private_report(privacy)
        outcome = load(warehouse, report, chosen, settings, progress, lambda: now)
    neighbours = [*map(Neighbour, further)]
    for neighbour in neighbours:
        load_neighbour(
            neighbour,
            settings,
            lambda: now,
            warehouse,
            request,
            privacy,
            lambda _: Silence(),
        )
    with TemporaryDirectory() as folder:
        files = [
            private_file(file, privacy)
            for file in _input_files(Path(folder), start, end)
        ]
        load_inputs(warehouse, Inputs(files), now, outcome)
    warehouse.build_views()
    return Filled(chosen, outcome, neighbours)


def _input_files(folder: Path, start: date, end: date) -> list[InputFile]:
    days = (start + timedelta(days=n) for n in range((end - start).days + 1))
    teams, budgets = folder / "teams.csv", folder / "budgets.csv"
    teams.write_text(teams_csv())
    budgets.write_text(budgets_csv(sorted({day.replace(day=1) for day in days})))
    return [read_teams(teams), read_budgets(budgets)]
