"""The statements that dlt would send to BigQuery for a load. Nothing is sent."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from pathlib import Path

import dlt
import pyarrow as pa
from dlt.destinations.impl.bigquery.bigquery import BigQueryClient, BigQueryMergeJob
from dlt.extract import DltSource

from api import reply, tables
from ccwarehouse.inputs import INPUT_TABLES
from ccwarehouse.inputs.store import as_source as inputs_source
from ccwarehouse.reports import OPTIONAL
from ccwarehouse.warehouses import engine_of
from claude_code_analytics import CLAUDE_CODE
from whole_days.calendar import Calendar
from whole_days.package import Package, as_source, packed
from whole_days.plan import StoredDay
from whole_days.report import DayFetch
from whole_days.table import LOAD_ID, Table

DATA = [table.name for table in CLAUDE_CODE.tables]
PROJECT, DATASET = "a-project", "claude_code"
RAW, MARTS = f"`{PROJECT}`.`{DATASET}`", f"`{PROJECT}`.`{DATASET}_marts`"
NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)


def package_of(days: dict[str, list[dict]], *, first: bool = False) -> Package:
    """What a load would write of these days (ISO text -> records)."""
    fetches = [
        DayFetch(day, NOON, tables(reply(*records), day=day))
        for day, records in ((date.fromisoformat(text), days[text]) for text in days)
    ]
    stored = {} if first else {fetch.day: StoredDay() for fetch in fetches}
    calendar = Calendar(NOON, timedelta(minutes=90))
    return packed(CLAUDE_CODE, "default", fetches, stored, calendar)


def bigquery(package: Package, folder: Path) -> BigQueryClient:
    """dlt's client for a package that is extracted and normalized, not loaded."""
    engine = engine_of("bigquery", Path())
    source = as_source(package.report, lambda: package)
    return _client(engine.lay_out(source, package.report.all_tables), "offline", folder)


def creations(client: BigQueryClient) -> list[str]:
    """A CREATE TABLE for each table, and for each staging table."""
    stored = [_creation(client, table) for table in client.schema.tables]
    with client.sql_client.with_staging_dataset():
        return stored + [_creation(client, table) for table in DATA]


def input_creations(folder: Path) -> list[str]:
    """A CREATE TABLE for each table of the input files."""
    client = _client(inputs_source({}), "offline_inputs", folder)
    return [_creation(client, table) for table in INPUT_TABLES]


def further_creations(folder: Path) -> list[str]:
    """A CREATE TABLE for each table of further reports."""
    clients = {
        schema: _client(empty_source(schema, tables.values()), schema, folder)
        for schema, tables in OPTIONAL.items()
    }
    return [
        _creation(client, name)
        for schema, client in clients.items()
        for name in OPTIONAL[schema]
    ]


def empty_source(schema: str, tables: Iterable[Table]) -> DltSource:
    """Tables without rows, as a load of a further report makes them."""
    resources = [
        dlt.resource(chain(_without_rows(table)), name=table.name) for table in tables
    ]
    source = DltSource(dlt.Schema(schema), schema, resources)
    source.root_key = False
    return source


def _without_rows(table: Table) -> Iterator[pa.Table]:
    dlt.current.source_schema().update_table(table.hints())
    yield table.empty().append_column(LOAD_ID, pa.array([], pa.string()))


def merges(client: BigQueryClient) -> list[str]:
    """The statements that replace stored days by staged rows, in order."""
    chains = [[client.prepare_load_table(table)] for table in DATA]
    return [
        statement
        for chain in chains
        for statement in BigQueryMergeJob.generate_sql(chain, client.sql_client)
    ]


def _client(source: DltSource, name: str, folder: Path) -> BigQueryClient:
    """dlt's client for a source that is extracted and normalized, but not loaded."""
    credentials = {
        "project_id": PROJECT,
        "private_key": "none",
        "client_email": "nobody@example.com",
    }
    pipeline = dlt.pipeline(
        name,
        destination=dlt.destinations.bigquery(credentials=credentials),
        dataset_name=DATASET,
        pipelines_dir=str(folder),
    )
    pipeline.extract(source)
    pipeline.normalize()
    client, _ = pipeline._get_destination_clients(pipeline.default_schema)
    return client


def _creation(client: BigQueryClient, name: str) -> str:
    columns = list(client.prepare_load_table(name)["columns"].values())
    [creation] = client._get_table_update_sql(name, columns, generate_alter=False)
    return creation
