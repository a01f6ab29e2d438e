"""Does it work on the real BigQuery? For someone with a project of their own.

    gcloud auth application-default login
    make bigquery-check PROJECT=my-project DATASET=ccwarehouse_check

loads two months of the demo's made-up organisation, restates and empties days, compares
every table and view with DuckDB, checks partitions and clusters, and asks in dry runs
how much a replacement would read. It creates the dataset, <dataset>_staging and
<dataset>_marts, none of which may exist before, and drops them at the end.
"""

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from google.cloud.bigquery import QueryJobConfig

from anthropic_admin_api.fake import organisation
from ccwarehouse.problems import explain
from ccwarehouse.warehouses import Warehouse, open_warehouse
from ccwarehouse.warehouses.names import marts_name
from claude_code_analytics import CLAUDE_CODE
from claude_code_marts import models
from loads import History, load_from, served
from ratios import Ratio

TABLES = CLAUDE_CODE.all_tables

FIRST, LAST = "2026-01-09", "2026-03-09"
RESTATED, EMPTIED = "2026-03-04", "2026-03-05"
# Columns that say who wrote a row.
OF_THE_LOAD = frozenset({"_dlt_load_id"})


class Organisation(History):
    """The demo's made-up organisation, with some restated days."""

    def __call__(self, day: date) -> list[dict]:
        return self.get(day.isoformat(), organisation.usage(day))


def rows(
    warehouse: Warehouse,
    relation: str,
    *,
    view: bool = False,
    but_for: frozenset[str] = OF_THE_LOAD,
) -> Counter:
    """The rows of a table or view without some columns."""
    with warehouse.client() as client:
        dataset = marts_name(client.dataset_name) if view else client.dataset_name
        with client.with_alternative_dataset_name(dataset):
            path = client.make_qualified_table_name(relation)
        with client.execute_query(f"select * from {path}") as cursor:
            names = [column[0] for column in cursor.description]
            found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return Counter(
        tuple((name, plain(row[name])) for name in sorted(row.keys() - but_for))
        for row in found
    )


def plain(value: Any) -> Any:
    """A value normalised: no trailing zeros, UTC, ratios to six places."""
    match value:
        case Decimal():
            return f"{value:f}".rstrip("0").rstrip(".") if value else "0"
        case datetime():
            return value.astimezone(UTC)
        case float():
            return Ratio(value)
    return value


def differences(
    ours: Warehouse, theirs: Warehouse, but_for: frozenset[str] = OF_THE_LOAD
) -> dict[str, tuple]:
    """The tables and views that differ, with the rows that only one side has."""
    relations = [(name, False) for name in TABLES]
    relations += [(view.name, True) for view in models()]
    found = {}
    for name, view in relations:
        one, other = (
            rows(place, name, view=view, but_for=but_for) for place in (ours, theirs)
        )
        if one != other:
            found[name] = (list(one - other)[:3], list(other - one)[:3])
    return found


def layout(warehouse: Warehouse, table: str) -> tuple:
    """A table's partitions, clusters and descriptions."""
    with warehouse.client() as client:
        path = client.make_qualified_table_name(table, quote=False)
        found = client.native_connection.get_table(path)
    day = found.time_partitioning and found.time_partitioning.field
    columns = {column.name: column.description for column in found.schema}
    return day, found.description, found.clustering_fields, columns


def wanted_layout(table: str) -> tuple:
    """What `layout` should return."""
    description, columns = (
        TABLES[table].description,
        TABLES[table].descriptions,
    )
    day = "date" if TABLES[table].is_data else None
    return day, description, [*TABLES[table].filtered_by] or None, columns


def views_described(warehouse: Warehouse) -> dict[str, tuple]:
    """The description of each view, and of each of its columns."""
    with warehouse.client() as client:
        dataset = f"{client.project_id}.{marts_name(client.dataset_name)}"
        get = client.native_connection.get_table
        found = {view.name: get(f"{dataset}.{view.name}") for view in models()}
    return {
        name: (view.description, {each.name: each.description for each in view.schema})
        for name, view in found.items()
    }


def bytes_read(warehouse: Warehouse, condition: str) -> int:
    """The bytes that a DELETE on `usage_report` would read, by a dry run."""
    with warehouse.client() as client:
        path = client.make_qualified_table_name("usage_report")
        job = client.native_connection.query(
            f"delete from {path} where {condition}",
            job_config=QueryJobConfig(dry_run=True, use_query_cache=False),
        )
        return int(job.total_bytes_processed)


def say(text: str) -> None:
    """Print a line of the report and flush it."""
    print(text, flush=True)  # noqa: T201


class Check:
    """One history, loaded into BigQuery and into DuckDB, from the day `first` on."""

    def __init__(self, folder: Path, dataset: str, first: str = FIRST) -> None:
        self.first = first
        self.history = Organisation()
        self.dataset = dataset
        self.places = {"duckdb": folder / "usage.duckdb", "bigquery": folder / "none"}

    def warehouse(self, destination: str) -> Any:
        """BigQuery or DuckDB."""
        return open_warehouse(destination, self.places[destination], self.dataset)

    def load(self, start: str, end: str = LAST) -> None:
        """Load the days into both."""
        with served(self.history) as api:
            for destination, database in self.places.items():
                load_from(
                    api,
                    database,
                    start,
                    end,
                    destination=destination,
                    dataset=self.dataset,
                    views=True,
                )

    def require_equality(self, after: str) -> None:
        """Check that both hold the same rows in every table and view."""
        with self.warehouse("bigquery") as ours, self.warehouse("duckdb") as theirs:
            found = differences(ours, theirs)
        assert {} == found, f"after {after}: {found}"
        say(f"ok  after {after} all tables and views equal DuckDB's")

    def require_layout(self) -> None:
        """Check partitions, clusters and descriptions."""
        with self.warehouse("bigquery") as warehouse:
            for table in TABLES:
                wanted, found = wanted_layout(table), layout(warehouse, table)
                assert wanted == found, (table, wanted, found)
            wanted = {view.name: (view.description, view.columns) for view in models()}
            assert wanted == views_described(warehouse)
        say("ok  tables are partitioned, clustered and described, as are the views")

    def require_pruning(self) -> None:
        """Check that replacing three of sixty days reads few bytes."""
        with self.warehouse("bigquery") as warehouse:
            days = "date between date '2026-03-01' and date '2026-03-03'"
            few, all_of_them = (bytes_read(warehouse, by) for by in (days, "true"))
        assert 0 < few * 10 < all_of_them, (few, all_of_them)
        say(f"ok  replacing 3 of 60 days reads {few:,} of {all_of_them:,} bytes")

    def restate(self) -> None:
        """A day loses a record, another record changes, and one day becomes empty."""
        _, second, *others = organisation.usage(date.fromisoformat(RESTATED))
        changed = second | {"terminal_type": "restated"}
        self.history |= {RESTATED: [changed, *others], EMPTIED: []}

    def run(self) -> None:
        """Load, restate, load again: BigQuery holds what DuckDB holds."""
        self.load(self.first)
        self.restate()
        self.load(RESTATED, "2026-03-07")
        self.require_equality("a load and a restatement")


@contextmanager
def own_datasets(warehouse: Warehouse) -> Iterator[None]:
    """Require that the datasets do not exist, and drop them at the end."""
    with warehouse.client() as client:
        names = [client.dataset_name + end for end in ("", "_staging", "_marts")]
        for name in names:
            with client.with_alternative_dataset_name(name):
                assert not client.has_dataset(), f"{name} is there: name another one"
    try:
        yield
    finally:
        with warehouse.client() as client:
            for name in names:
                client.native_connection.delete_dataset(
                    f"{client.project_id}.{name}",
                    delete_contents=True,
                    not_found_ok=True,
                )


def main(dataset: str) -> None:
    """Run all checks in order; stop at the first that fails."""
    with TemporaryDirectory() as folder:
        check = Check(Path(folder), dataset)
        with check.warehouse("bigquery") as warehouse, own_datasets(warehouse):
            check.run()
            check.require_layout()
            check.require_pruning()
    say("All is well.")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:
        if problem := explain(error, "BigQuery"):
            raise SystemExit(problem.line) from None
        raise
