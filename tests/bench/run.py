"""How fast and how small a load is: a table of ratios, measured in one run.

    make bench

Every figure is the median of five runs after a warm-up, except those that take minutes.
Machines are shared and noisy: compared runs alternate, and only ratios are meaningful.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

HERE = Path(__file__).parent
PROGRAM = Path(sys.executable).with_name("ccwarehouse")
TIMES = 5
DAYS, RECORDS = 120, 930
MILLION = 1_000  # days of a thousand records
LATENCY, CONCURRENCY = 0.15, 8


class Row(NamedTuple):
    """A line of the table: what was measured, its figure, and its limit."""

    what: str
    figure: str
    bar: str
    is_met: bool


def main() -> None:
    """Measure everything and print the table."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        with serving(RECORDS) as url:
            rows += backfills(url)
        with serving(1_000, LATENCY) as url:
            rows += fetches(url)
        with serving(1_000) as url:
            rows += million(url, Path(folder))
    rows += starts()
    show(rows)


@contextmanager
def serving(records: int, latency: float = 0) -> Iterator[str]:
    """The fake API in its own process, with prepared pages."""
    command = [sys.executable, HERE / "server.py", str(records), str(latency)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            yield f"http://127.0.0.1:{server.stdout.readline().strip()}"
        finally:
            server.kill()


def measured(what: str, url: str, days: int, folder: Path | None = None) -> dict:
    """One measurement: seconds, megabytes, and its own figures."""
    command = [sys.executable, HERE / "measure.py", what, url, str(days)]
    if folder:
        command.append(str(folder))
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found = json.loads(done.stdout)
    print(f"{what}, {days} days: {found['seconds']:.2f} s, {found['megabytes']:.0f} MB")  # noqa: T201
    return found


def backfills(url: str) -> list[Row]:
    """Our backfill, a plain dlt pipeline, and a download, alternating.

    Only the rows of the backfill are compared: the others make no marts.
    """
    seconds: dict[str, list[float]] = {"dicts": [], "download": [], "serve": []}
    parts: dict[str, list[float]] = {"rows": [], "marts": []}
    for _ in range(TIMES):
        for part, took in measured("backfill", url, DAYS)["told"].items():
            parts[part].append(took)
        for what, found in seconds.items():
            found.append(measured(what, url, DAYS)["seconds"])
    dicts, floor, server = (median(found) for found in seconds.values())
    ours, marts = (median(found) for found in parts.values())
    return [
        at_least("backfill: times as fast as dicts through dlt", dicts / ours, 7),
        at_most("backfill: times as long as download and parse", ours / floor, 2.5),
        at_most("backfill: its marts and views / its rows", marts / ours, 0.75),
        at_least("the server: times as fast as the backfill", ours / server, 5),
    ]


def fetches(url: str) -> list[Row]:
    """A year of single pages from a slow API."""
    ideal = 365 * LATENCY / CONCURRENCY
    seconds = [measured("fetching", url, 365)["seconds"] for _ in range(TIMES)]
    what = "fetching: times as long as calls x latency / 8"
    return [at_most(what, median(seconds) / ideal, 1.25)]


def million(url: str, folder: Path) -> list[Row]:
    """A million records: memory, the last packages, a nightly load, the marts."""
    tenth = measured("staged", url, MILLION // 10)
    whole = measured("staged", url, MILLION, folder)
    rates = whole["told"]
    share = max(len(rates) // 10, 1)
    few = measured("reload", url, MILLION // 10)["told"]
    many = measured("reload", url, MILLION, folder)["told"]
    marts = measured("reading", url, MILLION, folder)["told"]
    memory = whole["megabytes"]
    return [
        at_most("1,000,000 records: memory, MB", memory, 500),
        at_most("... times that of 100,000", memory / tenth["megabytes"], 1.25),
        at_least(
            "... last tenth / first tenth",
            sum(rates[-share:]) / sum(rates[:share]),
            0.9,
        ),
        at_least("... reload / that of 100,000", many / few, 0.9),
        at_most("... a night, s beyond imports", nightly(url, folder), 1.5),
        *(at_most(f"... {name}, s", took, 1) for name, took in marts.items()),
    ]


def nightly(url: str, folder: Path) -> float:
    """Seconds of a nightly `ccwarehouse load`, less importing dlt and duckdb."""
    given = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": url,
        "ANTHROPIC_ADMIN_KEY": "sk-ant-admin01-bench",
    }
    database = folder / "night.duckdb"
    load = [PROGRAM, "load", "--database", database]
    nights, imports = [], []
    for _ in range(1 + TIMES):
        shutil.copy(folder / "usage.duckdb", database)
        nights.append(timed(load, **given))
        imports.append(timed([sys.executable, "-c", "import dlt, duckdb"]))
    return median(nights[1:]) - median(imports[1:])


def starts() -> list[Row]:
    """The time of commands that need no warehouse."""
    click = [sys.executable, "-c", "import click"]
    commands = {"--help": [PROGRAM, "--help"], "wrong usage": [PROGRAM, "load", "--no"]}
    seconds: dict[str, list[float]] = {"click": [], **{name: [] for name in commands}}
    for _ in range(1 + TIMES):
        for name, found in seconds.items():
            found.append(timed(commands.get(name, click)))
    base = median(seconds["click"][1:])
    return [
        at_most(
            f"{name}: (s - 0.05) / that of import click",
            (median(seconds[name][1:]) - 0.05) / base,
            2,
        )
        for name in commands
    ]


def timed(command: list, **environment: str) -> float:
    """Seconds of a whole process, whatever its exit code."""
    began = time.perf_counter()
    subprocess.run(
        command, env=os.environ | environment, check=False, capture_output=True
    )
    return time.perf_counter() - began


def at_least(what: str, figure: float, bar: float) -> Row:
    """A figure that should be large."""
    return Row(what, f"{figure:.2f}", f"at least {bar}", figure >= bar)


def at_most(what: str, figure: float, bar: float) -> Row:
    """A figure that should be small."""
    return Row(what, f"{figure:.2f}", f"at most {bar}", figure <= bar)


def show(rows: list[Row]) -> None:
    """Print the table, and the machine."""
    table = Table(title=f"{os.cpu_count()} cores, {platform.platform()}")
    for heading in ("what", "figure", "bar", ""):
        table.add_column(heading)
    for row in rows:
        table.add_row(row.what, row.figure, row.bar, "met" if row.is_met else "NOT MET")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
