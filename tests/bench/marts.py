"""How fast the marts answer: each against a plain table that holds the same rows.

    make bench-marts

A million made-up usage records over two years lie in DuckDB and in Postgres. Each mart
is asked for its last 30 days (or its last month), for one actor, and for the whole. A
plain table, indexed by day and by actor, is asked the same in the same run. All rows of
a filtered question come to the client. Of the whole, the warehouse counts the values of
each column, so that the client's part is nothing on both sides.

Every figure is the median of three runs after a warm-up. A question that takes more
than five seconds is asked only once more. Postgres runs as it is installed.

    python tests/bench/marts.py [RECORDS [SHARE]]

makes RECORDS records, and one in SHARE of them in Postgres, which takes longer.
"""

import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import NamedTuple

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
sys.path.insert(0, str(Path(__file__).parent.parent))

import duckdb
import psycopg2
import rows
from rich import box
from rich.console import Console
from rich.table import Table

from ccwarehouse.inputs import read_budgets, read_teams
from ccwarehouse.warehouses import Warehouse, open_warehouse
from claude_code_marts import Model, models
from googlesql_load import package_of
from postgres import LOADER, server

RAW, MARTS, PLAIN = "claude_code", "claude_code_marts", "plain"
MILLION = 1_000_000
ACTOR = "user0006@x.com"
SINCE = {
    "date": "2026-10-02",
    "month": "2026-10-01",
    "from_date": "2026-10-02",
    "cohort_month": "2026-10-01",
}
QUESTIONS = ("30 days", "actor", "whole")
BARS = {"30 days": 3, "actor": 3, "whole": 2}
FLOOR = 10  # milliseconds that nobody waits for
PATIENCE = 300  # seconds

Ask = Callable[[str], object]


class Answered(NamedTuple):
    """Milliseconds of a question to a mart, and to the plain table."""

    view: float
    plain: float

    @property
    def ratio(self) -> float:
        """How many times as long the mart takes."""
        return self.view / self.plain

    def meets(self, bar: float) -> bool:
        """Whether it is fast enough, or too fast to matter."""
        return self.ratio <= bar or self.view <= FLOOR


class Measured(NamedTuple):
    """A mart in one engine; its answers are by question, none if it took too long."""

    engine: str
    mart: str
    rows: int
    answers: dict[str, Answered]


def main(records: int, share: int) -> None:
    """Measure both engines; Postgres gets one in `share` of the records."""
    console = Console(width=130)
    with tempfile.TemporaryDirectory() as folder:
        database = Path(folder, "usage.duckdb")
        made = time.perf_counter()
        fill_duckdb(database, records)
        console.print(f"DuckDB filled in {time.perf_counter() - made:.0f} s")
        found = [*in_duckdb(database, console)]
        if share > 1:
            database = Path(folder, "less.duckdb")
            fill_duckdb(database, records // share)
        made = time.perf_counter()
        with filled_postgres(database, Path(folder)) as address:
            console.print(f"Postgres filled in {time.perf_counter() - made:.0f} s")
            found += in_postgres(address, console)
    console.print(f"{records:,} records in DuckDB, {records // share:,} in Postgres")
    show(found, console)


def fill_duckdb(database: Path, records: int) -> None:
    """A file with these records, its files of teams and budgets, and its views."""
    with open_warehouse("duckdb", database, RAW, sole_writer=True) as warehouse:
        make_tables(warehouse)
        with warehouse.client() as client:
            rows.fill(client.native_connection, RAW, records)
        finish(warehouse, database.parent)


def make_tables(warehouse: Warehouse) -> None:
    """Let a first load of an empty day make the raw tables, and forget the day."""
    warehouse.write(package_of({"2024-10-01": []}, first=True))
    with warehouse.client() as client:
        for table in rows.TABLES:
            if table.startswith("day_fetches"):
                client.execute_sql(f"delete from {RAW}.{table}")


def finish(warehouse: Warehouse, folder: Path) -> None:
    """Load the files that people keep, and build the views with their indexes."""
    teams, budgets = folder / "teams.csv", folder / "budgets.csv"
    teams.write_text(rows.teams())
    budgets.write_text(rows.budgets())
    files = [read_teams(teams), read_budgets(budgets)]
    warehouse.store_inputs(files, datetime.now(UTC))
    warehouse.build_views()


@contextmanager
def filled_postgres(source: Path, folder: Path) -> Iterator[str]:
    """The address of a server that has the raw rows of a DuckDB file."""
    with server(folder) as running:
        name = running.new_database()
        loader = running.address(LOADER, name)
        os.environ["DESTINATION__POSTGRES__CREDENTIALS"] = loader
        with open_warehouse("postgres", folder, RAW, sole_writer=True) as warehouse:
            make_tables(warehouse)
            for table in rows.TABLES:
                copy(source, table, loader, folder / "rows.csv")
            finish(warehouse, folder)
        yield running.address(database=name)  # who may make a schema for plain tables


def copy(source: Path, table: str, address: str, file: Path) -> None:
    """All rows of a raw table, as csv, which any Postgres reads."""
    only = "where load_id = 'bench'" if table == "_dlt_loads" else ""
    with duckdb.connect(source, read_only=True) as connection:
        connection.execute(f"copy (from {RAW}.{table} {only}) to '{file}' (header)")
    with closing(psycopg2.connect(address)) as connection, file.open() as lines:
        columns = lines.readline()
        with connection, connection.cursor() as cursor:
            cursor.copy_expert(
                f"copy {RAW}.{table} ({columns}) from stdin (format csv)", lines
            )
    file.unlink()


def in_duckdb(database: Path, console: Console) -> Iterator[Measured]:
    """Every mart in DuckDB; the client takes answers as Arrow tables."""
    with duckdb.connect(database) as connection:
        connection.execute(f"create schema {PLAIN}")

        def ask(query: str) -> object:
            result = connection.execute(query)
            return result.to_arrow_table() if result.description else None

        yield from measured("DuckDB", ask, console)


def in_postgres(address: str, console: Console) -> Iterator[Measured]:
    """Every mart in Postgres; the client takes answers as tuples."""
    with closing(psycopg2.connect(address)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:

            def ask(query: str) -> object:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else None

            ask("analyze")
            ask(f"create schema {PLAIN}")
            ask(f"set statement_timeout = '{PATIENCE}s'")
            yield from measured("Postgres", ask, console)


def measured(engine: str, ask: Ask, console: Console) -> Iterator[Measured]:
    """Every mart, as they are measured; each is told when it is done."""
    for mart in models():
        if mart.layer == "marts":
            found = of_mart(engine, mart, ask)
            console.print(engine, *found[1:3], *figures(found))
            yield found


def of_mart(engine: str, mart: Model, ask: Ask) -> Measured:
    """The answers of one mart."""
    plain = f"{PLAIN}.{mart.name}"
    try:
        ask(f"create table {plain} as select * from {MARTS}.{mart.name}")
    except psycopg2.errors.QueryCanceled:
        return Measured(engine, mart.name, -1, {})
    for column in {day_of(mart), "actor"} & mart.columns.keys():
        ask(f"create index {mart.name}_by_{column} on {plain} ({column})")
    ask(f"analyze {plain}")
    answers = {
        question: Answered(*compared(ask, query, f"{MARTS}.{mart.name}", plain))
        for question, query in questions(mart).items()
    }
    return Measured(engine, mart.name, count(ask, plain), answers)


def questions(mart: Model) -> dict[str, str]:
    """What a mart is asked; one without days or actors is asked less."""
    counts = ", ".join(f"count({column})" for column in mart.columns)
    found = {"whole": f"select {counts} from {{relation}}"}
    if "actor" in mart.columns:
        found["actor"] = f"select * from {{relation}} where actor = '{ACTOR}'"
    if day := day_of(mart):
        since = f"where {day} >= date '{SINCE[day]}'"
        found["30 days"] = f"select * from {{relation}} {since}"
    return found


def day_of(mart: Model) -> str | None:
    """The column that says when, if there is one."""
    return next((column for column in SINCE if column in mart.columns), None)


def count(ask: Ask, relation: str) -> int:
    """How many rows there are."""
    answer = ask(f"select count(*) from {relation}")
    return int(answer[0][0].as_py() if hasattr(answer, "schema") else answer[0][0])


def compared(ask: Ask, query: str, *relations: str) -> list[float]:
    """Milliseconds of each relation; they take turns, as machines are shared."""
    texts = [query.format(relation=relation) for relation in relations]
    warm = [timed(ask, text) for text in texts]
    times = 1 if max(warm) > 5_000 else 3
    seen = [[timed(ask, text) for text in texts] for _ in range(times)]
    return [median(of_one) for of_one in zip(*seen, strict=True)]


def timed(ask: Ask, query: str) -> float:
    """Milliseconds until the client has all rows."""
    began = time.perf_counter()
    ask(query)
    return (time.perf_counter() - began) * 1_000


def figures(found: Measured) -> list[str]:
    """A mart's answers as text: milliseconds of the view, of the table, and ratio."""
    if not found.answers:
        return [f"over {PATIENCE} s"] * len(QUESTIONS)
    return [
        f"{answer.view:,.0f} / {answer.plain:,.0f} = {answer.ratio:,.1f}"
        if (answer := found.answers.get(question))
        else "-"
        for question in QUESTIONS
    ]


def is_met(found: Measured) -> bool:
    """Whether a mart meets every bar."""
    return bool(found.answers) and all(
        answer.meets(BARS[question]) for question, answer in found.answers.items()
    )


def show(found: list[Measured], console: Console) -> None:
    """Print the table, and the machine."""
    title = f"ms of the mart / of a plain table = ratio; {os.cpu_count()} cores, "
    table = Table(title=title + platform.platform(), box=box.MARKDOWN)
    for heading in ("engine", "mart", "rows"):
        table.add_column(heading)
    for question in QUESTIONS:
        table.add_column(f"{question}, at most {BARS[question]}", justify="right")
    table.add_column("")
    for row in found:
        told = row.engine, row.mart, f"{row.rows:,}"
        table.add_row(*told, *figures(row), "met" if is_met(row) else "NOT MET")
    console.print(table)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*(given + [MILLION, 5][len(given) :]))
