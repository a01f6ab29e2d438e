"""A warehouse: a dlt pipeline that keeps nothing here but the work at hand."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, cast

import dlt
from dlt.common.destination import Destination, DestinationCapabilitiesContext
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.destinations.sql_client import SqlClientBase
from duckdb import DuckDBPyConnection

from claude_code_analytics import Package, as_source, read_stored
from whole_days.plan import StoredDay

from . import frugal, views
from .bigquery import bigquery
from .comments import comment_on_tables
from .configuration import destinations_only
from .indexes import index_tables
from .layout import laid_out
from .names import marts_name, require_own_name, stored_name
from .postgres import postgres
from .waiting import IMPATIENT, Patience
from .work_folder import work_folder
from .writer import MAX_VACUUM_TASKS, hold_dataset, hold_file

PIPELINE = "ccwarehouse"

TESTED = ("duckdb", "postgres", "bigquery")

NO_REPLACEMENT = (
    "{name} cannot hold this data: dlt only adds rows to it or overwrites them one by "
    "one, so what the API has withdrawn from a day would stay. Name one where a day "
    "can be deleted with --destination: {tested} or another SQL database."
)
UNTESTED = (
    "{name} is not tested with ccwarehouse; {tested} are. Compare a few days with the "
    "Claude Console before you rely on it."
)


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
        return f"{place}, tables in {dataset}, views in {self.marts}"

    @property
    def marts(self) -> str:
        """The dataset of the views."""
        return marts_name(self.pipeline.dataset_name)

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
    patience: Patience = IMPATIENT,
) -> Iterator[Warehouse]:
    """A warehouse for the length of a command.

    With `sole_writer` nobody else's load can write to it meanwhile, and `patience` is
    had with who holds it; with `read_only` others may read a DuckDB file at the same
    time. `dataset` is stored under the name that dlt's naming makes of it, which is the
    one `Warehouse` tells. Raises `ImpossibleNameError` for names that cannot be, before
    anything is made, `UnsuitableDestinationError` where a day cannot be replaced, and
    `WarehouseInUseError` or DuckDB's own error when another program writes.

    The pipeline's working folder is new and goes away again: what is stored is read
    from the warehouse, so a run needs nothing of the one before, and a package that a
    killed run left half done is not loaded by the next one over newer data.
    """
    is_duckdb = destination == "duckdb"
    with ExitStack() as stack:
        stack.enter_context(destinations_only())
        target, name = _named(destination, database, dataset)
        file = None
        if is_duckdb:
            # by its whole path: DuckDB takes `md:usage` for no file at all
            path = database.absolute()
            if sole_writer:
                file = stack.enter_context(hold_file(path, patience))
                target = frugal.duckdb(file)
            else:
                target = _file(path, read_only=read_only)
        folder = stack.enter_context(work_folder())
        pipeline = dlt.pipeline(
            PIPELINE, destination=target, dataset_name=name, pipelines_dir=folder
        )
        if sole_writer and not is_duckdb:
            stack.enter_context(hold_dataset(pipeline, patience))
        yield Warehouse(pipeline, database if is_duckdb else None, file)


def require_names(destination: str, database: Path, dataset: str) -> None:
    """Raise what `open_warehouse` raises for names, and open nothing."""
    with destinations_only():
        _named(destination, database, dataset)


def _named(
    destination: str, database: Path, dataset: str
) -> tuple[Destination[Any, Any], str]:
    """The destination, and the name under which it keeps the dataset."""
    target = _target(destination)
    capabilities = target.capabilities()
    _require_replacement(target, capabilities)
    name = stored_name(dataset, capabilities)
    if destination == "duckdb":
        require_own_name(database, name)
    return target, name


def _target(name: str) -> Destination[Any, Any]:
    """The destination of this name: ours, or else dlt's."""
    match name:
        case "duckdb":
            return frugal.duckdb()
        case "postgres":
            return postgres()
        case "bigquery":
            return bigquery()
    # no reference at all would be the only one to give none
    return cast("Destination[Any, Any]", Destination.from_reference(name))


def _file(path: Path, *, read_only: bool) -> Destination[Any, Any]:
    """A DuckDB file that others may have open too."""
    credentials = DuckDbCredentials(
        str(path),
        read_only=read_only,
        global_config={"max_vacuum_tasks": MAX_VACUUM_TASKS},
    )
    return dlt.destinations.duckdb(credentials)


def _require_replacement(
    destination: Destination[Any, Any], capabilities: DestinationCapabilitiesContext
) -> None:
    """Only delete-insert removes what is no longer there; upserts leave it."""
    if "delete-insert" not in (capabilities.supported_merge_strategies or ()):
        name = destination.destination_name
        text = NO_REPLACEMENT.format(name=name, tested=", ".join(TESTED))
        raise UnsuitableDestinationError(text)
