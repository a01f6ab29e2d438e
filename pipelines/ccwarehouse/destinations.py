"""A warehouse: a dlt pipeline that keeps nothing here but the work at hand."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import dlt
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.destinations.sql_client import SqlClientBase
from duckdb import DuckDBPyConnection

from claude_code_analytics import Package, as_source, read_stored
from claude_code_analytics.days import StoredDay

from . import frugal, views
from .comments import comment_on_tables
from .indexes import index_tables
from .layout import laid_out
from .postgres import postgres
from .writer import MAX_VACUUM_TASKS, hold_dataset, hold_file

PIPELINE = "ccwarehouse"

TESTED = ("duckdb", "postgres", "bigquery")

NAME_CLASH = (
    "In the file {file}, DuckDB could not tell the dataset {name} from the database "
    "itself. Name another file with --database, or another dataset with --dataset."
)
NO_REPLACEMENT = (
    "{name} cannot hold this data: dlt only adds rows to it or overwrites them one by "
    "one, so what the API has withdrawn from a day would stay. Name one where a day "
    "can be deleted with --destination: {tested} or another SQL database."
)
UNTESTED = (
    "{name} is not tested with ccwarehouse; {tested} are. Compare a few days with the "
    "Claude Console before you rely on it."
)


class NameClashError(ValueError):
    """A DuckDB file and a dataset in it would have one name."""


class UnsuitableDestinationError(ValueError):
    """A destination where a day cannot be replaced."""


@dataclass(frozen=True)
class Warehouse:
    """Where the data goes: a destination of dlt and a dataset in it.

    `database` is the DuckDB file, None for every other destination; `file` is that
    file open, None unless this is its sole writer.
    """

    pipeline: dlt.Pipeline
    database: Path | None
    file: DuckDBPyConnection | None

    @property
    def location(self) -> str:
        """Where the data is, in words for a person."""
        dataset = self.pipeline.dataset_name
        place = self.database or self.pipeline.destination.destination_name
        return f"{place}, tables in {dataset}, views in {dataset}_marts"

    @property
    def remark(self) -> str | None:
        """What to know before trusting this destination; None where it is tested."""
        name = self.pipeline.destination.destination_type.rpartition(".")[2]
        if name in TESTED:
            return None
        return UNTESTED.format(name=name, tested=", ".join(TESTED))

    def stored(self, account: str) -> dict[date, StoredDay]:
        """What is there of each day; asking does not create the database."""
        if self.database and not self.database.exists():
            return {}
        return read_stored(self.pipeline, account)

    def models(self, account: str) -> set[str]:
        """The models there are costs of."""
        with self.client() as client:
            table = client.make_qualified_table_name("usage_report__model_breakdown")
            query = f"select distinct model from {table} where account = %s"
            return {row[0] for row in client.execute_sql(query, account) or ()}

    def write(self, package: Package) -> None:
        """Load a package; when this returns, its days are durable."""
        source = laid_out(as_source(lambda: package))
        with frugal.writing(self.file, package) if self.file else nullcontext():
            self.pipeline.run(source)

    def build_views(self) -> list[str]:
        """Renew views, descriptions and indexes; returns the views' names."""
        with self.client() as client:
            names = views.build(client)
            comment_on_tables(client)
            index_tables(client)
            return names

    def check_views(self) -> list[views.Failure]:
        """The claims about the data that do not hold."""
        with self.client() as client:
            return views.check(client)

    @contextmanager
    def client(self) -> Iterator[SqlClientBase[Any]]:
        """SQL on what is loaded. Makes no file: raises `NothingLoadedError` instead."""
        if self.database and not self.database.exists():
            raise views.NothingLoadedError(
                f"{self.database} is not there yet. Load first."
            )
        with self.pipeline.sql_client() as client:
            yield client


@contextmanager
def open_warehouse(
    destination: str,
    database: Path,
    dataset: str,
    *,
    sole_writer: bool = False,
    read_only: bool = False,
) -> Iterator[Warehouse]:
    """A warehouse for the length of a command.

    With `sole_writer` nobody else's load can write to it meanwhile; with `read_only`
    others may read a DuckDB file at the same time. Raises `NameClashError` when a
    DuckDB file and its dataset share a name, `UnsuitableDestinationError` where a day
    cannot be replaced, and `WarehouseInUseError` or DuckDB's own error when another
    program writes.

    The pipeline's working folder is new and goes away again: what is stored is read
    from the warehouse, so a run needs nothing of the one before, and a package that a
    killed run left half done is not loaded by the next one over newer data.
    """
    is_duckdb = destination == "duckdb"
    if is_duckdb and database.stem in (dataset, f"{dataset}_marts"):
        raise NameClashError(NAME_CLASH.format(file=database, name=database.stem))
    with ExitStack() as stack:
        target: Any = postgres() if destination == "postgres" else destination
        file = None
        if is_duckdb and sole_writer:
            file = stack.enter_context(hold_file(database))
            target = frugal.duckdb(file)
        elif is_duckdb:
            credentials = DuckDbCredentials(
                str(database),
                read_only=read_only,
                global_config={"max_vacuum_tasks": MAX_VACUUM_TASKS},
            )
            target = dlt.destinations.duckdb(credentials)
        folder = stack.enter_context(TemporaryDirectory(prefix="ccwarehouse-"))
        pipeline = dlt.pipeline(
            PIPELINE,
            destination=target,
            dataset_name=dataset,
            pipelines_dir=folder,
        )
        _require_replacement(pipeline)
        if sole_writer and not is_duckdb:
            stack.enter_context(hold_dataset(pipeline))
        yield Warehouse(pipeline, database if is_duckdb else None, file)


def _require_replacement(pipeline: dlt.Pipeline) -> None:
    """Only delete-insert removes what is no longer there; upserts leave it."""
    destination = pipeline.destination
    strategies = destination.capabilities().supported_merge_strategies or ()
    if "delete-insert" not in strategies:
        name = destination.destination_name
        text = NO_REPLACEMENT.format(name=name, tested=", ".join(TESTED))
        raise UnsuitableDestinationError(text)
