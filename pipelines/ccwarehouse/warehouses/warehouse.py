"""A warehouse: a dlt pipeline without local state between runs."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import dlt
import pyarrow as pa

from claude_code_marts import Model
from claude_code_marts import materialised as marts_to_store
from whole_days.ledger import read_accounts, read_owners, read_stored
from whole_days.package import Package, as_source
from whole_days.plan import StoredDay
from whole_days.privacy import NAMED, Privacy
from whole_days.report import Report

from ..inputs import (
    INPUT_TABLES,
    INPUTS,
    InputFile,
    Roster,
    TagTeams,
    TeamsTag,
    check_inputs,
    input_resources,
    make_input_tables,
    store_inputs,
    stored_group_size,
)
from ..reports import RECORDS, SPENT, tables_of
from . import built_views, materialised, views
from .absent import loaded_schemas
from .anonymising import People
from .asking import Ask, asking
from .configuration import destinations_only
from .directory_inputs import (
    owners_of_keys,
    roster,
    stored_teams_of_workspaces,
    teams_of_workspaces,
)
from .dlt_commit import before_commit
from .engines import ENGINES, dialect_of, engine_of
from .facts import read_facts
from .names import marts_name
from .other import Client, Engine
from .privacy import begin_with, read_privacy
from .reading import reading
from .replaced_rows import Changes
from .shape import bring_over, note_shape, require_own_shape
from .statements import are_there
from .waiting import IMPATIENT, Patience, patiently
from .work_folder import work_folder

PIPELINE = "ccwarehouse"

UNTESTED = (
    "{name} is not tested with ccwarehouse; {tested} are. Compare a few days with the "
    "Claude Console before you rely on it."
)


@dataclass(frozen=True)
class Warehouse:
    """An open dlt destination and a dataset in it."""

    pipeline: dlt.Pipeline
    engine: Engine

    @property
    def location(self) -> str:
        """Where the data is, for people."""
        return f"{self.engine.place}, tables in {self.dataset}, views in {self.marts}"

    @property
    def dataset(self) -> str:
        """The dataset of the tables."""
        return str(self.pipeline.dataset_name)

    @property
    def marts(self) -> str:
        """The dataset of the views."""
        return marts_name(self.dataset)

    @property
    def remark(self) -> str | None:
        """A warning about an untested destination; None for a tested one."""
        name = self.pipeline.destination.destination_type.rpartition(".")[2]
        if name in ENGINES:
            return None
        return UNTESTED.format(name=name, tested=", ".join(ENGINES))

    def facts(self) -> dict[str, str]:
        """What the dataset knows of itself. Does not create a missing database."""
        if not self.engine.exists():
            return {}
        with self.client() as client:
            return read_facts(client)

    def stored(self, report: Report[Any], account: str) -> dict[date, StoredDay]:
        """The stored days. Does not create a missing database."""
        if not self._exists_in_own_shape():
            return {}
        return read_stored(self.pipeline, report, account)

    def privacy(self, secret: str | None, *, begins: bool) -> Privacy:
        """What is to be stored of people. With `begins`, a new dataset notes it.

        Raises `PrivacyError` if the secret is not the dataset's.
        """
        if not self.engine.exists():
            return replace(NAMED, secret=secret)
        with self.client() as client:
            found = read_privacy(client, secret)
            if secret and begins:
                begin_with(client, secret)
            return found

    def require_loaded(self) -> None:
        """Raise `NothingLoadedError` before the first load."""
        with self.client() as client:
            require_own_shape(client)
            views.require_usage(client)

    def loaded_schemas(self) -> set[str]:
        """The dlt schemas with a committed load: usage, and further reports.

        Raises `NothingLoadedError` before the first load.
        """
        self.require_loaded()
        with self.client() as client:
            return loaded_schemas(client)

    def people(self, report: Report[Any], secret: str | None = None) -> People:
        """The people of a report, to take them out."""
        return People(self.pipeline, self.engine, report, secret)

    def accounts(self, report: Report[Any]) -> list[str]:
        """The accounts that were ever loaded. Does not create a missing database."""
        if not self._exists_in_own_shape():
            return []
        return read_accounts(self.pipeline, report)

    def owners(self, report: Report[Any]) -> dict[str, set[str]]:
        """The accounts that hold each organisation. Does not create a database."""
        if not self._exists_in_own_shape():
            return {}
        return read_owners(self.pipeline, report)

    def names(self, report: Report[Any], account: str) -> set[str]:
        """The values that the report has announced so far."""
        if report.announced is None:
            return set()
        with self.client() as client:
            require_own_shape(client)
            table = client.make_qualified_table_name(report.announced.table)
            column = report.announced.column
            query = f"select distinct {column} from {table} where account = %s"
            return {row[0] for row in client.execute_sql(query, account) or ()}

    def write(self, package: Package[Any]) -> None:
        """Load a package; when this returns, it is committed."""
        source = as_source(package.report, lambda: package)
        tables = package.report.all_tables
        if package.is_first:
            with self.pipeline.sql_client() as client:
                note_shape(client)
            source.resources.add(*input_resources())
            tables = tables | INPUT_TABLES
        source = self.engine.lay_out(source, tables)
        replaces = package.replacement() is not None
        with (
            self.engine.writing(self.pipeline, replaces=replaces),
            self._storing_marts(source.schema.name, _changes(package)),
        ):
            self.pipeline.run(source)

    def _exists_in_own_shape(self) -> bool:
        """False before the database exists. Raises as `require_own_shape`."""
        if not self.engine.exists():
            return False
        with self.client() as client:
            require_own_shape(client)
        return True

    def _storing_marts(
        self, schema: str, changes: Changes
    ) -> AbstractContextManager[None]:
        """Within this, a package is committed together with its stored marts."""
        if not self.engine.stores_marts:
            return nullcontext()
        work = materialised.replacing(changes, self.engine.storing_marts)
        return before_commit(schema, work)

    def _fill_stored_marts(self, *, everything: bool) -> None:
        with self.client() as client:
            unfilled = materialised.unfilled(client)
        views = marts_to_store() if everything else unfilled
        if views:
            with (
                self.engine.writing(self.pipeline, replaces=everything),
                self.client() as client,
            ):
                materialised.fill_tables(client, views, self.engine.storing_marts)

    def build_views(self, *, everything: bool = False) -> list[str]:
        """Rebuild views, descriptions and indexes; returns the views' names.

        With `everything` the stored marts are refilled as well.
        """
        with self.client() as client:
            require_own_shape(client)
        return self.fill_views(everything=everything)

    def keep_views(self) -> None:
        """Build the views, unless all are there as this version makes them."""
        stores = self.engine.stores_marts
        with self.client() as client:
            require_own_shape(client)
            are_current = built_views.are_current(client, stores_marts=stores)
            if are_current and not (stores and materialised.unfilled(client)):
                return
        self.fill_views(everything=False)

    def fill_views(self, *, everything: bool = True) -> list[str]:
        """Rebuild views as `build_views` does, also over half a copy."""
        stores = self.engine.stores_marts
        with self.client() as client:
            views.require_usage(client)
            built_views.note_none(client)
            has_inputs = are_there(client, INPUT_TABLES)
        if not has_inputs:
            make_input_tables(self.pipeline)
        if stores:
            self._fill_stored_marts(everything=everything)
        with self.client() as client:
            loaded = loaded_schemas(client)
            names = views.build(client, loaded=loaded, stores_marts=stores)
            dialect, tables = dialect_of(client), tables_of(loaded)
            dialect.describe_tables(client, tables, stores_marts=stores)
            dialect.index_tables(client, tables, stores_marts=stores)
            built_views.note_all(client, loaded, stores_marts=stores)
            return names

    def store_inputs(self, files: Sequence[InputFile], now: datetime) -> list[str]:
        """Load the changed files; returns their kinds, such as teams."""
        with (
            self.engine.writing(self.pipeline, replaces=True),
            self._storing_marts(INPUTS, Changes(files=_tables(files))),
        ):
            stored = store_inputs(self.pipeline, files, now, SPENT)
        return [file.name for file in stored]

    def group_size(self) -> int:
        """How many active people a team in force needs to be shown by itself."""
        with self.client() as client:
            return stored_group_size(client)

    def owners_of_keys(
        self, tagged: TagTeams | None, *, are_of_file: bool
    ) -> InputFile | None:
        """Whose the API keys of the usage are, by the stored directory.

        Their teams are of tags. If these are not known, those in force stay, unless
        teams `are_of_file`.
        """
        with self.client() as client:
            return owners_of_keys(client, tagged, are_of_file=are_of_file)

    def roster(self, today: date) -> Roster:
        """The teams in force, and how many people are in them today."""
        with self.client() as client:
            return roster(client, today)

    def teams_of_workspaces(self, tag: TeamsTag, today: date) -> TagTeams | None:
        """The teams of workspaces by a tag. Raises `InputFileError` if none has it."""
        with self.client() as client:
            return teams_of_workspaces(client, tag, today)

    def check_tag(self, tag: TeamsTag, today: date) -> TagTeams | None:
        """The teams of the tag as far as the stored directory tells.

        None before a directory is stored. Raises as `teams_of_workspaces`.
        """
        if not self.engine.exists():
            return None
        with self.client() as client:
            return stored_teams_of_workspaces(client, tag, today)

    def check_inputs(self, files: Sequence[InputFile]) -> bool:
        """Raise `InputFileError` for a file that a load would refuse.

        False: nothing is stored yet that shows which currencies are spent.
        """
        if not self.engine.exists():
            return not any(file.name == "budgets" and file.rows for file in files)
        with self.client() as client:
            return check_inputs(client, files, SPENT)

    def check_views(self) -> list[views.Failure]:
        """The failed checks of the data."""
        with self.client() as client:
            loaded, stores = loaded_schemas(client), self.engine.stores_marts
            return views.check(client, loaded=loaded, stores_marts=stores)

    @contextmanager
    def reading(
        self, view: Model
    ) -> Iterator[tuple[pa.Schema, Iterator[pa.RecordBatch]]]:
        """The types of a view's columns, and its rows in the order of its grain."""
        with self.client() as client:
            require_own_shape(client)
            with reading(client, view) as found:
                yield found

    @contextmanager
    def asking(self) -> Iterator[Ask]:
        """Queries on the views, with few rows each. Raises as `client`."""
        with self.client() as client:
            require_own_shape(client)
            with client.with_alternative_dataset_name(self.marts):
                yield asking(client)

    @contextmanager
    def client(self) -> Iterator[Client]:
        """A SQL client. Raises `NothingLoadedError` instead of creating a file."""
        self.engine.require()
        with self.pipeline.sql_client() as client:
            yield client


def _tables(files: Sequence[InputFile]) -> frozenset[str]:
    """The tables of their rows. Versions of all files share another table."""
    return frozenset(file.table.name for file in files)


def _changes(package: Package[Any]) -> Changes:
    """Nothing for another report than that of usage: no mart is stored of it."""
    if RECORDS not in package.report.all_tables:
        return Changes()
    return Changes(
        package.account,
        {packed.fetch.day: packed.fetch.records for packed in package.written},
        frozenset(packed.fetch.day for packed in package.days),
    )


@contextmanager
def open_warehouse(
    destination: str,
    database: Path,
    dataset: str,
    *,
    sole_writer: bool = False,
    read_only: bool = False,
    is_still: bool = False,
    patience: Patience = IMPATIENT,
) -> Iterator[Warehouse]:
    """A warehouse for the duration of a command.

    `sole_writer` keeps other loads out, and brings over a dataset of an older version;
    `patience` is how long to wait for another one, unless with `read_only`.
    With `read_only` others may read a DuckDB file at the same time; with `is_still` as
    well, but no load may write meanwhile. Without any, a DuckDB file is locked if it
    exists, and never created. dlt may normalise the name
    `dataset`; `Warehouse` shows the normalised name.

    Raises `ImpossibleNameError` before anything is created, `OtherShapeError`,
    `UnsuitableDestinationError` where days cannot be replaced, and
    `WarehouseInUseError` or DuckDB's own error when another program writes.

    The pipeline's working folder is temporary. All state is read from the warehouse, so
    a run needs no files of an earlier one, and never loads the unfinished package of a
    killed run over newer data.
    """
    engine = engine_of(destination, database)
    with ExitStack() as stack:
        stack.enter_context(destinations_only())
        name = engine.stored_name(dataset)
        opened = engine.opened(
            sole_writer=sole_writer,
            read_only=read_only or is_still,
            patience=IMPATIENT if read_only else patience,
        )
        target = stack.enter_context(opened)
        folder = stack.enter_context(work_folder())
        pipeline = dlt.pipeline(
            PIPELINE, destination=target, dataset_name=name, pipelines_dir=folder
        )
        if sole_writer or (is_still and engine.exists()):
            stack.enter_context(_locked(pipeline, patience))
        if sole_writer:
            # not by the client with the lock: dlt frees it after an error
            with pipeline.sql_client() as client:
                bring_over(client)
        yield Warehouse(pipeline, engine)


@contextmanager
def _locked(pipeline: dlt.Pipeline, patience: Patience) -> Iterator[None]:
    """Hold the server's lock on the dataset, where there is one."""
    with pipeline.sql_client() as client:
        patiently(lambda: dialect_of(client).lock(client), patience)
        yield
