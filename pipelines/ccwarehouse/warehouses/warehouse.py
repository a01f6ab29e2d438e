"""A warehouse: a dlt pipeline that keeps nothing here but the work at hand."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa

from claude_code_marts import Model
from whole_days.ledger import read_stored, require_own_shape
from whole_days.package import Package, as_source
from whole_days.plan import StoredDay
from whole_days.report import Report

from ..inputs import (
    INPUT_TABLES,
    InputFile,
    input_resources,
    make_input_tables,
    store_inputs,
)
from . import materialised, views
from .asking import Ask, asking
from .configuration import destinations_only
from .dlt_commit import Work, before_commit
from .engines import ENGINES, dialect_of, engine_of
from .errors import NothingLoadedError
from .names import marts_name
from .other import Client, Engine
from .reading import reading
from .waiting import IMPATIENT, Patience, patiently
from .work_folder import work_folder

PIPELINE = "ccwarehouse"

UNTESTED = (
    "{name} is not tested with ccwarehouse; {tested} are. Compare a few days with the "
    "Claude Console before you rely on it."
)


@dataclass(frozen=True)
class Warehouse:
    """Where the data goes: a destination of dlt and a dataset in it, opened."""

    pipeline: dlt.Pipeline
    engine: Engine

    @property
    def location(self) -> str:
        """Where the data is, in words for a person."""
        dataset = self.pipeline.dataset_name
        return f"{self.engine.place}, tables in {dataset}, views in {self.marts}"

    @property
    def marts(self) -> str:
        """The dataset of the views."""
        return marts_name(self.pipeline.dataset_name)

    @property
    def remark(self) -> str | None:
        """What to know before trusting this destination; None where it is tested."""
        name = self.pipeline.destination.destination_type.rpartition(".")[2]
        if name in ENGINES:
            return None
        return UNTESTED.format(name=name, tested=", ".join(ENGINES))

    def stored(self, report: Report[Any], account: str) -> dict[date, StoredDay]:
        """What is there of each day; asking does not create the database."""
        if not self.engine.exists():
            return {}
        return read_stored(self.pipeline, report, account)

    def names(self, report: Report[Any], account: str) -> set[str]:
        """What the report has announced so far."""
        if report.announced is None:
            return set()
        with self.client() as client:
            table = client.make_qualified_table_name(report.announced.table)
            column = report.announced.column
            query = f"select distinct {column} from {table} where account = %s"
            return {row[0] for row in client.execute_sql(query, account) or ()}

    def write(self, package: Package[Any]) -> None:
        """Load a package; when this returns, its days are durable."""
        source = as_source(package.report, lambda: package)  # noqa: F821 (deleted once dlt has read it)
        tables = package.report.all_tables
        if package.is_first:
            source.resources.add(*input_resources())
            tables = tables | INPUT_TABLES
        source = self.engine.lay_out(source, tables)
        replaces = package.replacement() is not None
        with (
            self.engine.writing(self.pipeline, replaces=replaces),
            before_commit(self._storing_marts(package)),
        ):
            self.pipeline.run(source)
        # dlt leaves reference cycles through this frame, which would keep the rows.
        del package

    def _storing_marts(self, package: Package[Any]) -> Work:
        """What keeps the stored marts in step with the rows of a package."""
        if not (self.engine.stores_marts and (package.written or package.is_first)):
            return lambda _: None
        where = package.scope() if package.written else "1 = 0"
        return materialised.replacing(where, is_first=package.is_first)

    def build_views(self, *, everything: bool = False) -> list[str]:
        """Renew views, descriptions and indexes; returns the views' names.

        With `everything` the stored marts are filled anew as well.
        """
        stores = self.engine.stores_marts
        with self.client() as client:
            require_own_shape(client)
            views.require_usage(client)
        make_input_tables(self.pipeline)
        with self.client() as client:
            names = views.build(client, stores_marts=stores, everything=everything)
            dialect = dialect_of(client)
            dialect.describe_tables(client, stores_marts=stores)
            dialect.index_tables(client, stores_marts=stores)
            return names

    def store_inputs(self, files: Sequence[InputFile], now: datetime) -> list[str]:
        """Load the files that have changed; returns what those hold, as in teams."""
        return [file.name for file in store_inputs(self.pipeline, files, now)]

    def check_views(self) -> list[views.Failure]:
        """The claims about the data that do not hold."""
        with self.client() as client:
            return views.check(client, stores_marts=self.engine.stores_marts)

    @contextmanager
    def reading(
        self, view: Model
    ) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """The types of a view's columns, and its rows in the order of its grain."""
        with self.client() as client, reading(client, view) as found:
            yield found

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """Queries on the views, with few rows each. Raises as `client`."""
        with (
            self.client() as client,
            client.with_alternative_dataset_name(self.marts),
        ):
            yield asking(client)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """SQL on what is loaded. Makes no file: raises `NothingLoadedError` instead."""
        if not self.engine.exists():
            raise NothingLoadedError(
                f"{self.engine.place} is not there yet. Load first."
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
    time. Without either, a DuckDB file is held if it is there, and never made.
    `dataset` is stored under the name that dlt's naming makes of it, which is the one
    `Warehouse` tells. Raises `ImpossibleNameError` for names that cannot be, before
    anything is made, `UnsuitableDestinationError` where a day cannot be replaced, and
    `WarehouseInUseError` or DuckDB's own error when another program writes.

    The pipeline's working folder is new and goes away again: what is stored is read
    from the warehouse, so a run needs nothing of the one before, and a package that a
    killed run left half done is not loaded by the next one over newer data.
    """
    engine = engine_of(destination, database)
    with ExitStack() as stack:
        stack.enter_context(destinations_only())
        name = engine.stored_name(dataset)
        opened = engine.opened(
            sole_writer=sole_writer, read_only=read_only, patience=patience
        )
        target = stack.enter_context(opened)
        folder = stack.enter_context(work_folder())
        pipeline = dlt.pipeline(
            PIPELINE, destination=target, dataset_name=name, pipelines_dir=folder
        )
        if sole_writer:
            stack.enter_context(_locked(pipeline, patience))
        yield Warehouse(pipeline, engine)


@contextmanager
def _locked(pipeline: dlt.Pipeline, patience: Patience) -> Iterator[None]:
    """The only load into a server's dataset, where the server can tell."""
    with pipeline.sql_client() as client:
        patiently(lambda: dialect_of(client).lock(client), patience)
        yield
