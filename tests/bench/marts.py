"""How fast the marts answer, against the same rows in a plain table with an index.

    make bench-marts

A million records of 3,000 people over two years are put into the raw tables of DuckDB
and of Postgres. Each mart is asked for the last 30 days (or the last month), for one
actor, and for all rows. A figure is the median of three, after a warm-up. Machines are
shared and noisy: mart and plain table take turns, and only ratios mean anything. The
last figure is what a load of three days pays for the stored marts.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import duckdb
import psycopg2
from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parent.parent))

from ccwarehouse.inputs import read_budgets, read_teams
from ccwarehouse.warehouses import Warehouse, open_warehouse
from ccwarehouse.warehouses.dlt_commit import Work
from ccwarehouse.warehouses.materialised import replacing
from ccwarehouse.warehouses.replaced_rows import Changes
from claude_code_marts import Model, models
from googlesql_load import package_of
from postgres import Server, server

DATASET = "claude_code"
DAYS, PEOPLE, TEAMS = 730, 3_000, 20
LAST = date(2026, 11, 22)
TIMES = 3

# Seconds. Bars hold for answers that take longer: to plan a query over a few hundred
# rows takes many times as long as to read a table of them, and nobody waits for either.
QUICK = 0.020

# Bars: how much longer than the plain table a mart may take.
FILTERED, WHOLE = 3.0, 2.0

USAGE = """
    insert into {raw}.usage_report by name
    select
        'default' as account,
        date '{last}' - cast(i % {days} as integer) as date,
        '5b0c9f0e-7d3a-4c56-9a41-2f8e6d1b7c90' as organization_id,
        case when u % 20 = 0 then 'api_actor' else 'user_actor' end as actor__type,
        case when u % 20 > 0 then 'user' || u || '@example.com' end
            as actor__email_address,
        case when u % 20 = 0 then 'ci-key-' || u end as actor__api_key_name,
        case when u % 3 = 0 then 'subscription' else 'api' end as customer_type,
        i % 50 = 0 as is_remote,
        ['vscode', 'iTerm.app', 'tmux', 'cursor'][1 + i % 4] as terminal_type,
        i % 9 as core_metrics__num_sessions,
        i % 500 as core_metrics__lines_of_code__added,
        i % 90 as core_metrics__lines_of_code__removed,
        i % 4 as core_metrics__commits_by_claude_code,
        i % 2 as core_metrics__pull_requests_by_claude_code,
        'r' || i as _dlt_id,
        'bench' as _dlt_load_id
    from (
        select i, (i * 7919 + i // {days}) % {people} as u from range({records}) t (i)
    )
    order by date  -- as loads write them
"""
MODELS = """
    insert into {raw}.usage_report__model_breakdown by name
    select
        account, date, organization_id,
        ['claude-opus-4-5', 'claude-sonnet-4-5', 'claude-haiku-4-5'][1 + (n + k) % 3]
            as model,
        n % 9000 as tokens__input, n % 700 as tokens__output,
        n % 90000 as tokens__cache_read, n % 3000 as tokens__cache_creation,
        'USD' as estimated_cost__currency,
        cast(n % 1733 + 0.25 as decimal(38, 24)) as estimated_cost__amount,
        _dlt_id as _dlt_parent_id, k as _dlt_list_idx,
        _dlt_id || '/' || k as _dlt_id, 'bench' as _dlt_load_id
    from (select *, cast(_dlt_id[2:] as bigint) as n from {raw}.usage_report),
        range(2) t (k)
    where k = 0 or n % 2 = 0
"""
TOOLS = """
    insert into {raw}.usage_report__tool_actions by name
    select
        account, date, organization_id,
        ['edit_tool', 'write_tool'][1 + k] as tool,
        n % 40 as accepted, n % 7 as rejected,
        _dlt_id as _dlt_parent_id, _dlt_id || '/' || k as _dlt_id,
        'bench' as _dlt_load_id
    from (select *, cast(_dlt_id[2:] as bigint) as n from {raw}.usage_report),
        range(2) t (k)
"""
FETCHES = """
    insert into {raw}.day_fetches by name
    select
        'claude_code' as report, 'default' as account, date,
        cast(date + 1 as timestamptz) + interval 3 hour as fetched_at,
        1 as load_number, 'complete' as status, true as is_final, 1 as pages,
        count(*) as records, 'hash' as content_hash, true as is_changed,
        'bench' as _dlt_load_id
    from {raw}.usage_report group by date;
    insert into {raw}.day_fetches__claude_code by name
    select
        report, account, date, fetched_at, load_number, records as num_sessions,
        cast(records * 100 as decimal(38, 24)) as estimated_cost_cents, 0 as duplicates,
        records as records_with_cost, _dlt_load_id
    from {raw}.day_fetches;
    insert into {raw}._dlt_loads by name
    select 'bench' as load_id, 'bench' as schema_name, 0 as status, now() as inserted_at
"""
RAW = (
    *("usage_report", "usage_report__model_breakdown", "usage_report__tool_actions"),
    *("day_fetches", "day_fetches__claude_code"),
)


class Answer(NamedTuple):
    """Seconds that a question takes of a mart and of the plain table."""

    mart: float
    plain: float

    @property
    def ratio(self) -> float:
        """How much longer the mart takes."""
        return self.mart / self.plain

    def meets(self, bar: float) -> bool:
        """Whether it is quick enough."""
        return self.mart < QUICK or self.ratio <= bar


def main() -> None:
    """Measure both engines and print a table for each."""
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        database = folder / "usage.duckdb"
        with (
            open_warehouse("duckdb", database, DATASET, sole_writer=True) as warehouse,
            warehouse.client() as client,
        ):
            connection = client.native_connection
            fill(warehouse, connection, records, folder)
            show("DuckDB", records, measure(DuckDb(connection)), night(warehouse))
            for table in RAW:
                connection.execute(
                    f"copy {DATASET}.{table} to '{folder}/{table}.csv' (header)"
                )
        with (
            tempfile.TemporaryDirectory() as place,
            server(Path(place)) as running,
            postgres(running, folder) as (warehouse, connection),
        ):
            show("Postgres", records, measure(Postgres(connection)), night(warehouse))


def fill(
    warehouse: Warehouse,
    connection: duckdb.DuckDBPyConnection,
    records: int,
    folder: Path,
) -> None:
    """The raw tables, the files, and the views."""
    warehouse.write(package_of({}, first=True))
    names = {
        "raw": DATASET,
        "last": LAST,
        "days": DAYS,
        "people": PEOPLE,
        "records": records,
    }
    for statement in (USAGE, MODELS, TOOLS, FETCHES):
        connection.execute(statement.format(**names))
    warehouse.build_views(everything=True)
    store_files(warehouse, folder)


def store_files(warehouse: Warehouse, folder: Path) -> None:
    """Twenty teams, and a budget for each."""
    teams, budgets = folder / "teams.csv", folder / "budgets.csv"
    members = (f"user{n}@example.com,Team {n % TEAMS}" for n in range(PEOPLE))
    teams.write_text("\n".join(["actor,team", *members]))
    amounts = (f"team,Team {n},{LAST:%Y-%m},5000,USD" for n in range(TEAMS))
    budgets.write_text("\n".join(["scope,name,month,amount,currency", *amounts]))
    warehouse.store_inputs(
        [read_teams(teams), read_budgets(budgets)], datetime.now(UTC)
    )


@contextmanager
def postgres(running: Server, folder: Path) -> Iterator[tuple[Warehouse, Any]]:
    """The same rows in a database of its own, with views, and a connection to it."""
    import os  # noqa: PLC0415 - for one variable

    address = running.address(database=running.new_database())
    os.environ["DESTINATION__POSTGRES__CREDENTIALS"] = address
    with (
        open_warehouse("postgres", Path(), DATASET, sole_writer=True) as warehouse,
        closing(psycopg2.connect(address)) as connection,
    ):
        connection.autocommit = True
        warehouse.write(package_of({}, first=True))
        with connection.cursor() as cursor:
            cursor.execute(
                f"insert into {DATASET}._dlt_loads (load_id, schema_name, status,"
                " inserted_at) values ('bench', 'bench', 0, now())"
            )
            for table in RAW:
                with (folder / f"{table}.csv").open() as file:
                    columns = file.readline().strip()
                    cursor.copy_expert(
                        f"copy {DATASET}.{table} ({columns}) from stdin (format csv)",
                        file,
                    )
            cursor.execute("analyze")
            warehouse.build_views(everything=True)
            store_files(warehouse, folder)
            # the files replaced all rows; autovacuum comes within a minute
            cursor.execute("vacuum analyze")
        yield warehouse, connection


class DuckDb:
    """Asks DuckDB; all rows come as Arrow."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.execute = connection.execute
        self._connection = connection

    def last(self, table: str, column: str) -> object:
        """The greatest value of a column."""
        return self._connection.execute(
            f"select max({column}) from {table}"
        ).fetchone()[0]

    def seconds(self, query: str) -> float:
        """How long a query takes."""
        began = time.perf_counter()
        self._connection.sql(query).to_arrow_table()
        return time.perf_counter() - began


class Postgres:
    """Asks Postgres to plan and execute; the rows stay in the server."""

    def __init__(self, connection: Any) -> None:
        self._connection = connection
        self.execute("set statement_timeout = '180s'")

    def execute(self, sql: str) -> None:
        """Run a statement."""
        with self._connection.cursor() as cursor:
            cursor.execute(sql)

    def last(self, table: str, column: str) -> object:
        """The greatest value of a column."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"select max({column}) from {table}")
            return cursor.fetchone()[0]

    def seconds(self, query: str) -> float:
        """How long a query takes, by Postgres's own clock."""
        with self._connection.cursor() as cursor:
            cursor.execute(f"explain (analyze, timing off, format json) {query}")
            [[[found]]] = cursor.fetchall()
        return (found["Planning Time"] + found["Execution Time"]) / 1000


def measure(engine: DuckDb | Postgres) -> dict[str, dict[str, Answer]]:
    """Each mart's answers, by question."""
    found = {}
    for view in models():
        if view.layer == "marts":
            found[view.name] = asked(engine, view)
            print(view.name, found[view.name], file=sys.stderr)  # noqa: T201
    return found


def asked(engine: DuckDb | Postgres, view: Model) -> dict[str, Answer]:
    """One mart, and a table of its rows beside it."""
    mart, plain = f"{DATASET}_marts.{view.name}", f"plain_{view.name}"
    engine.execute(f"create table {plain} as select * from {mart}")
    conditions = dict(questions(engine, view, plain))
    for column in {
        condition.split()[0] for condition in conditions.values() if condition
    }:
        engine.execute(f"create index {plain}_by_{column} on {plain} ({column})")
    answers = {}
    for question, condition in conditions.items():
        where = f" where {condition}" if condition else ""
        ask = f"select * from {{}}{where}".format
        answers[question] = compared(
            lambda ask=ask: engine.seconds(ask(mart)),
            lambda ask=ask: engine.seconds(ask(plain)),
        )
    engine.execute(f"drop table {plain}")
    return answers


def questions(
    engine: DuckDb | Postgres, view: Model, plain: str
) -> Iterator[tuple[str, str]]:
    """What a BI tool asks, each as a condition."""
    for column, back in (("date", 29), ("month", 0), ("cohort_month", 0)):
        if column in view.columns:
            last = engine.last(plain, column) or LAST
            day = date.fromordinal(last.toordinal() - back)
            yield "last 30 days", f"{column} >= date '{day}'"
            break
    if "actor" in view.columns:
        yield "one actor", "actor = 'user7@example.com'"
    yield "all", ""


def compared(mart: Callable[[], float], plain: Callable[[], float]) -> Answer:
    """By turns, after a warm-up; what takes minutes is measured once."""
    first = Answer(mart(), plain())
    if first.mart > 20:
        return first
    found = [Answer(mart(), plain()) for _ in range(TIMES)]
    return Answer(
        median(answer.mart for answer in found),
        median(answer.plain for answer in found),
    )


def night(warehouse: Warehouse) -> float:
    """Seconds that a load of the last three days takes longer for the stored marts."""
    days = {LAST - timedelta(ago): 0 for ago in range(3)}
    work = replacing(
        Changes("default", days, frozenset(days)), warehouse.engine.storing_marts
    )
    return median(_paid(warehouse, work) for _ in range(TIMES))


def _paid(warehouse: Warehouse, work: Work) -> float:
    with (
        warehouse.engine.writing(warehouse.pipeline, replaces=True),
        warehouse.client() as client,
    ):
        began = time.perf_counter()
        with work(client, "bench"):
            pass
        return time.perf_counter() - began


def show(
    name: str, records: int, found: dict[str, dict[str, Answer]], paid: float
) -> None:
    """Print milliseconds of mart and plain table, their ratio, and what a load pays."""
    table = Table(title=f"{name}, {records:,} records: ms of mart / of a plain table")
    for heading in ("mart", "last 30 days", "one actor", "all"):
        table.add_column(heading, justify="left" if heading == "mart" else "right")
    for mart, answers in found.items():
        cells = [
            _cell(answers.get(question), bar)
            for question, bar in (
                ("last 30 days", FILTERED),
                ("one actor", FILTERED),
                ("all", WHOLE),
            )
        ]
        table.add_row(mart, *cells)
    console = Console(width=110)
    console.print(table)
    console.print(f"{name}: a load of three days pays {paid:.2f} s for stored marts")


def _cell(answer: Answer | None, bar: float) -> str:
    if answer is None:
        return ""
    ms = f"{answer.mart * 1000:,.0f} / {answer.plain * 1000:,.0f}"
    mark = "" if answer.meets(bar) else " NOT MET"
    return f"{ms} = {answer.ratio:.1f}{mark}"


if __name__ == "__main__":
    main()
