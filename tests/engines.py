"""The engines that must give the same rows: each takes raw rows and returns views.

dlt creates the tables, and views are created as in every load. A view's rows are a bag,
and its columns have GoogleSQL's names for their types.
"""

import re
from collections import Counter
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import dlt
import pyarrow as pa
from dlt.destinations.sql_client import SqlClientBase
from psycopg2.extras import execute_values

import googlesql_load as bigquery
from ccwarehouse.inputs import make_input_tables
from ccwarehouse.reports import OPTIONAL, all_tables
from ccwarehouse.warehouses.materialised import fill_tables
from ccwarehouse.warehouses.stored_queries import stored_checks
from ccwarehouse.warehouses.views import build
from claude_code_marts import Model, checks, materialised, models, render, render_flat
from googlesql import GoogleSql
from googlesql_load import empty_source, package_of
from histories import Rows
from ratios import Ratio
from whole_days.package import as_source

RAW_TABLES = (*all_tables(), "_dlt_loads")
COMPUTED = "computed"
ALL_VIEWS = tuple(view.name for view in models(further=True))

TYPES = {
    "character varying": "STRING",
    "text": "STRING",
    "varchar": "STRING",
    "bigint": "INT64",
    "boolean": "BOOL",
    "date": "DATE",
    "decimal": "BIGNUMERIC",
    "numeric": "BIGNUMERIC",
    "double": "FLOAT64",
    "double precision": "FLOAT64",
    "timestamp with time zone": "TIMESTAMP",
}


class Answer(NamedTuple):
    """The rows of a view or a check; values of different types differ."""

    columns: list[tuple[str, str]]
    rows: Counter


class Engine(Protocol):
    """An engine that computes views."""

    def fill(
        self,
        rows: Rows,
        tables: Iterable[str] = RAW_TABLES,
        views: Iterable[str] = ALL_VIEWS,
    ) -> None:
        """Replace the rows of raw tables; with all tables also those of stored marts.

        These are the marts that some views stand on.
        """

    def views(self, names: Iterable[str]) -> dict[str, Answer]:
        """The rows of some views, by name."""

    def answers(self) -> dict[str, Answer]:
        """The rows of every view and every check, by name."""

    def ask(self, query: str) -> list[tuple]:
        """The rows of a query over the datasets, without translation."""

    def flat(self, query: Model) -> Counter:
        """The rows of a query, from raw tables alone."""


def fill_stored(client: SqlClientBase[Any], views: Iterable[str] = ALL_VIEWS) -> None:
    """Fill anew the stored marts that some views stand on."""
    fill_tables(client, stored_below(views), lambda *_: nullcontext())


def stored_below(views: Iterable[str]) -> list[Model]:
    """The stored marts among some views and what they read."""
    below = lineage(views)
    return [view for view in materialised() if view in below]


class Warehouse:
    """A warehouse of dlt, with tables and views."""

    def __init__(self, client: SqlClientBase[Any]) -> None:
        self.client = client
        self.raw = client.fully_qualified_dataset_name()
        with client.with_alternative_dataset_name(f"{client.dataset_name}_marts"):
            self.marts = client.fully_qualified_dataset_name()

    def views(self, names: Iterable[str]) -> dict[str, Answer]:
        """The rows of some views."""
        return {name: self._view(name) for name in names}

    def answers(self) -> dict[str, Answer]:
        """The rows of every view and every check."""
        return self.views(model.name for model in models()) | {
            claim.name: Answer([], self._check(claim)) for claim in checks()
        }

    def ask(self, query: str) -> list[tuple]:
        """The rows of a query; DuckDB and Postgres name datasets as it does."""
        return list(self.client.execute_sql(query))

    def flat(self, query: Model) -> Counter:
        """The rows of a query, as a load asks before it builds views."""
        dialect = str(self.client.capabilities.sqlglot_dialect)
        return self._rows(render_flat(query, dialect, raw=self.raw))

    def _view(self, name: str) -> Answer:
        rows = self._rows(f"select * from {self.marts}.{name}")
        return Answer(self._columns(name), rows)

    def _columns(self, view: str) -> list[tuple[str, str]]:
        found = self.client.execute_sql(
            "select column_name, data_type from information_schema.columns"
            f" where table_schema = '{self.client.dataset_name}_marts'"
            f" and table_name = '{view}' order by ordinal_position"
        )
        return [(name, _type(written)) for name, written in found]

    def _check(self, claim: Model) -> Counter:
        dialect = self.client.capabilities.sqlglot_dialect
        return self._rows(render(claim, dialect, raw=self.raw, marts=self.marts))

    def _rows(self, query: str) -> Counter:
        return bag(self.client.execute_sql(query))


class DuckDb(Warehouse):
    """A DuckDB file, asked by one thread: a second one is no help with few rows."""

    def __init__(self, client: SqlClientBase[Any]) -> None:
        super().__init__(client)
        client.native_connection.execute("set threads = 1")

    def schemas(self) -> dict[str, pa.Schema]:
        """The Arrow schema of each raw table and view."""
        paths = {table: f"{self.raw}.{table}" for table in RAW_TABLES}
        views = models(further=True)
        paths |= {model.name: f"{self.marts}.{model.name}" for model in views}
        return {name: self._schema(path) for name, path in paths.items()}

    def broken(self, *, further: bool, views: Iterable[str] = ALL_VIEWS) -> set[str]:
        """The checks that find rows, with `further` also those of further reports.

        Of the checks of stored marts, those of the marts that some views stand on.

        Each view is computed once, into a table, from the tables of those before it. A
        check of the views themselves would compute them all anew.
        """
        execute = self.client.native_connection.execute
        execute(f"create schema if not exists {COMPUTED}")
        for view in models(further=further):
            query = render(view, raw=self.raw, marts=COMPUTED)
            execute(f"create or replace table {COMPUTED}.{view.name} as {query}")
        filled = {f"{view.name}_is_stored" for view in stored_below(views)}
        stored = [claim for claim in stored_checks() if claim.name in filled]
        return {
            claim.name
            for claim in (*checks(further=further), *stored)
            if execute(render(claim, raw=self.raw, marts=COMPUTED)).fetchone()
        }

    def fill(
        self,
        rows: Rows,
        tables: Iterable[str] = RAW_TABLES,
        views: Iterable[str] = ALL_VIEWS,
    ) -> None:
        """Empty the tables and insert Arrow tables."""
        connection = self.client.native_connection
        for table in tables:
            path = f"{self.raw}.{table}"
            connection.execute(f"delete from {path}")
            if rows.get(table):
                new = pa.Table.from_pylist(rows[table], self._schema(path))
                connection.register("new", new)
                connection.execute(f"insert into {path} from new")
                connection.unregister("new")
        if tables is RAW_TABLES:
            fill_stored(self.client, views)

    def _schema(self, path: str) -> pa.Schema:
        empty = self.client.native_connection.execute(f"from {path} limit 0")
        return empty.arrow().schema


class Postgres(Warehouse):
    """A database on a real server, with a linguistic collation."""

    def fill(
        self,
        rows: Rows,
        tables: Iterable[str] = RAW_TABLES,
        views: Iterable[str] = ALL_VIEWS,
    ) -> None:
        """Empty the tables and insert rows."""
        for table in tables:
            path = f"{self.raw}.{table}"
            self.client.execute_sql(f"delete from {path}")
            if rows.get(table):
                columns = sorted({name for row in rows[table] for name in row})
                values = [[row.get(name) for name in columns] for row in rows[table]]
                with self.client.native_connection.cursor() as cursor:
                    into = f"insert into {path} ({', '.join(columns)}) values %s"
                    execute_values(cursor, into, values)
        if tables is RAW_TABLES:
            fill_stored(self.client, views)


class BigQuery:
    """GoogleSQL on given rows, one view after the other."""

    def __init__(self, judge: GoogleSql, folder: Path) -> None:
        self.judge = judge
        client = bigquery.bigquery(package_of({"2025-09-01": []}, first=True), folder)
        for creation in bigquery.creations(client):
            judge.create(creation)
        for creation in bigquery.input_creations(folder):
            judge.create(creation)
        for creation in bigquery.further_creations(folder):
            judge.create(creation)

    def fill(
        self,
        rows: Rows,
        tables: Iterable[str] = RAW_TABLES,
        views: Iterable[str] = ALL_VIEWS,
    ) -> None:
        """Give the rows to the executor."""
        for table in tables:
            path = (bigquery.PROJECT, bigquery.DATASET, table)
            self.judge.fill(path, rows.get(table, []))

    def views(self, names: Iterable[str]) -> dict[str, Answer]:
        """The rows of some views, and of the views that they read."""
        return {model.name: self._view(model) for model in lineage(names)}

    def answers(self) -> dict[str, Answer]:
        """The rows of every view, then of every check."""
        found = self.views(model.name for model in models())
        for claim in checks():
            rows = self.judge.query(self._text(claim)).rows
            found[claim.name] = Answer([], bag(rows))
        return found

    def ask(self, query: str) -> list[tuple]:
        """The rows of a query over the views that `answers` computed."""
        for dataset in (bigquery.DATASET, f"{bigquery.DATASET}_marts"):
            path = f"`{bigquery.PROJECT}`.`{dataset}`."
            query = re.sub(rf"\b{dataset}\.", path, query)
        return self.judge.query(query).rows

    def flat(self, query: Model) -> Counter:
        """The rows of a query over raw tables."""
        text = render_flat(query, "bigquery", raw=bigquery.RAW)
        return bag(self.judge.query(text).rows)

    def _view(self, model: Model) -> Answer:
        table = self.judge.query(self._text(model))
        dataset = f"{bigquery.DATASET}_marts"
        self.judge.put((bigquery.PROJECT, dataset, model.name), table)
        return Answer(table.columns, bag(table.rows))

    def _text(self, model: Model) -> str:
        return render(model, "bigquery", raw=bigquery.RAW, marts=bigquery.MARTS)


def lineage(names: Iterable[str]) -> list[Model]:
    """Some views, each after all views that it reads."""
    wanted, found = {*names}, []
    for model in reversed(models(further=True)):
        if model.name in wanted:
            wanted |= model.reads
            found.append(model)
    return found[::-1]


def prepared(destination: Any, folder: Path) -> dlt.Pipeline:
    """A pipeline with all tables and views."""
    pipeline = dlt.pipeline(
        "engines",
        destination=destination,
        dataset_name="claude_code",
        pipelines_dir=str(folder),
    )
    first = package_of({"2025-09-01": []}, first=True)
    pipeline.run(as_source(first.report, lambda: first))
    make_input_tables(pipeline)
    for schema, tables in OPTIONAL.items():
        pipeline.run(empty_source(schema, tables.values()))
    with pipeline.sql_client() as client:
        fill_stored(client)
        build(client, loaded=OPTIONAL, stores_marts=True)
    return pipeline


def bag(rows: Iterable[tuple]) -> Counter:
    """Rows in any order, where 1, 1.0 and Decimal(1) differ."""
    return Counter(tuple(_typed(cell) for cell in row) for row in rows)


def _typed(cell: object) -> tuple[str, object]:
    return type(cell).__name__, Ratio(cell) if isinstance(cell, float) else cell


def _type(written: str) -> str:
    return TYPES[written.lower().partition("(")[0]]
