"""Any SQL destination of dlt: the interface of an engine, with defaults.

`Engine` is the destination: its file or its server. `Dialect` is its SQL. They are
separate: MotherDuck has DuckDB's SQL, but no local file. An engine that differs from
the defaults has its own module in this package.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar, Final, cast

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from claude_code_marts import Model
from whole_days.table import Table

from .configuration import destinations_only
from .errors import (
    ImpossibleNameError,
    NothingLoadedError,
    UnsuitableDestinationError,
)
from .fixes import MAKE_ROOM, WAIT
from .names import stored_name
from .waiting import IMPATIENT, Patience

AnyDestination = Destination[Any, Any]
Client = SqlClientBase[Any]

# Rows in memory at once while a view is read. DuckDB's unit is 2,048 rows.
ROWS_AT_ONCE: Final = 16_384

ROWS_AT_A_TIME: Final = 500  # in a statement with literals

TEXT_COLUMNS: Final = """
    select columns.table_name, columns.column_name
    from information_schema.columns as columns
    join information_schema.tables as tables
        on tables.table_catalog = columns.table_catalog
        and tables.table_schema = columns.table_schema
        and tables.table_name = columns.table_name
    where tables.table_type = 'BASE TABLE'
        and columns.table_schema = %s
        and lower(columns.data_type) in ('varchar', 'character varying', 'text')
    order by columns.table_name, columns.column_name
"""

NO_REPLACEMENT = (
    "{name} cannot hold this data: dlt cannot delete a day there, so records that the "
    "API has withdrawn would stay. Choose another --destination: duckdb, postgres, "
    "bigquery or another SQL database."
)
NO_FILE_THERE = (
    "--publish copies a DuckDB file, but {destination} has none. Leave it out."
)


@dataclass(frozen=True)
class DriverErrors:
    """The error messages of an engine's driver, and their fixes.

    `fixes` maps patterns of messages to advice. Messages are matched because a refused
    connection has no code. `unreadable` matches the error for malformed credentials,
    which quotes them. `before` and `after` mark boilerplate around a message.
    `expected` maps dlt's errors to what dlt should have been given.
    """

    fixes: Mapping[str, str] = field(default_factory=dict)
    unreadable: str | None = None
    before: str | None = None
    after: str | None = None
    expected: Mapping[type[Exception], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """A destination, from the options `--destination` and `--database`.

    Only DuckDB has a file. Other engines ignore `database`.
    """

    name: str
    database: Path

    errors: ClassVar[DriverErrors] = DriverErrors(
        {"another load writes": WAIT, "No space left|File too large": MAKE_ROOM}
    )
    # Whether work can be done before a package is committed, as `dlt_commit` does.
    stores_marts: ClassVar[bool] = False
    # The extra that installs the driver; dlt and this package give it the same name.
    extra: ClassVar[str | None] = None

    # where it is

    @property
    def place(self) -> str:
        """Where the data is, for people."""
        return self.name.rpartition(".")[2]

    @property
    def catalog(self) -> str | None:
        """The database in SQL, where the options say it; None where settings do."""
        return None

    def exists(self) -> bool:
        """Whether there is a database to open. Creates nothing."""
        return True

    def require(self) -> None:
        """Raise `NothingLoadedError` if there is no database to open."""
        if not self.exists():
            raise NothingLoadedError(f"{self.place} does not exist yet. Load first.")

    def try_folder(self) -> None:
        """Write to the folder of the file. Raises OSError."""

    # names

    def stored_name(self, dataset: str) -> str:
        """The name of a dataset as dlt normalises it for this engine.

        Raises `ImpossibleNameError`, and `UnsuitableDestinationError` without
        delete-insert: only that removes withdrawn records.
        """
        with destinations_only():
            target = self.destination()
            capabilities = target.capabilities()
        if "delete-insert" not in (capabilities.supported_merge_strategies or ()):
            name = target.destination_name
            raise UnsuitableDestinationError(NO_REPLACEMENT.format(name=name))
        return stored_name(dataset, capabilities)

    def whole(self, dataset: str) -> tuple[object, ...]:
        """What one program at a time may write, to compare: here a dataset."""
        return self.name, self.stored_name(dataset)

    # opening and locking

    def destination(self) -> AnyDestination:
        """dlt's destination; its credentials come from dlt's configuration."""
        # from_reference returns None only for an empty reference
        return cast("AnyDestination", Destination.from_reference(self.name))

    @contextmanager
    def opened(
        self,
        *,
        sole_writer: bool = False,
        read_only: bool = False,
        patience: Patience = IMPATIENT,
    ) -> Iterator[AnyDestination]:
        """The destination while it is in use.

        `sole_writer` keeps other writers out of its file; `Dialect.lock` does so for a
        server's dataset.
        """
        yield self.destination()

    # writing

    def lay_out(self, source: DltSource, tables: Mapping[str, Table]) -> DltSource:
        """The source with hints on partitions, clusters and the like."""
        return source

    def writing(
        self,
        pipeline: dlt.Pipeline,
        *,
        replaces: bool,
    ) -> AbstractContextManager[None]:
        """Settings that apply only while a package is written.

        `replaces`: the package replaces stored days, instead of only adding new ones.
        """
        return nullcontext()

    def storing_marts(
        self, client: Client, records: int
    ) -> AbstractContextManager[None]:
        """Settings while stored marts are written, within `writing`.

        `records` is the number of records of the largest day.
        """
        return nullcontext()

    # what deleted rows leave in a file

    def compact(self, patience: Patience) -> None:
        """Write the file anew, without the remains of deleted rows."""

    def holds_bytes(self, name: str, others: Sequence[str]) -> int | None:
        """How often the file holds a name, apart from `others` that it is a part of.

        None without a file.
        """
        return None

    # a copy for readers

    def require_copy(self, target: Path, dataset: str) -> None:
        """Raise `ImpossibleNameError` if `target` cannot be a copy."""
        raise ImpossibleNameError(NO_FILE_THERE.format(destination=self.name))

    def copy(self, target: Path, patience: Patience) -> None:
        """Copy the file to `target`, atomically. Raises `PublishError`."""
        raise NotImplementedError(self.name)


class Dialect:
    """The SQL of an engine. The default is what every engine accepts."""

    # Whether one transaction can replace all views, so readers never see half of it.
    replaces_views_at_once = False

    # Statements that come first in a transaction that fills a stored mart.
    before_storing: ClassVar[Sequence[str]] = ()

    # Whether rows of a mart are stored in the order of their days: where those of a day
    # lie together, few pages are read for it.
    stores_in_order = False

    # The most records whose marts one statement stores, unless a day has more. None
    # where the server limits the memory of a statement.
    records_stored_at_once: ClassVar[int | None] = None

    def view(self, client: Client, path: str, query: str, view: Model) -> list[str]:
        """The statements that create or replace a view, with descriptions if any."""
        return [f"create or replace view {path} as\n{query}"]

    def describe_tables(
        self, client: Client, tables: Mapping[str, Table], *, stores_marts: bool
    ) -> None:
        """Write the descriptions that dlt's DDL leaves out."""

    def index_tables(
        self, client: Client, tables: Mapping[str, Table], *, stores_marts: bool
    ) -> None:
        """Create missing indexes."""

    def views(self, client: Client, dataset: str) -> Iterable[str]:
        """The names of a dataset's views; none where they are built with every load."""
        return ()

    def no_views(self, client: Client, dataset: str) -> Iterable[tuple[str, str]]:
        """The objects of a dataset that are not views: name and kind."""
        return ()

    def dependants(
        self,
        client: Client,
        dataset: str,
        views: Sequence[str],
    ) -> Iterable[tuple[str, str]]:
        """The objects of others that read our views: name, and the view."""
        return ()

    @contextmanager
    def reading(
        self, client: Client, query: str
    ) -> Iterator[Iterator[pa.Table | Sequence[Sequence[Any]]]]:
        """The rows of a query, `ROWS_AT_ONCE` at a time: as tuples, or as Arrow."""
        with client.execute_query(query) as cursor:
            yield cursor.iter_fetch(ROWS_AT_ONCE)

    def as_one_value(self, columns: Sequence[str]) -> str | None:
        """An expression of several columns, never null, whose values are equal where
        those of all columns are; null is a value. None where none is known.
        """
        return None

    def rows(
        self, client: Client, query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        """The few rows of a query over many, sparing this machine's memory."""
        return client.execute_sql(query, *values) or ()

    def literal(self, client: Client, value: object) -> str:
        """A value as SQL: None, a text, a number, a date or a time."""
        match value:
            case None:
                return "null"
            case bool() | int() | float():
                return str(value).lower()
            case Decimal():
                return f"cast('{value:f}' as decimal(38, 24))"
            case datetime():
                return f"cast('{value.isoformat()}' as timestamp with time zone)"
            case date():
                return f"date '{value}'"
        return str(client.capabilities.escape_literal(value))

    def insert(self, client: Client, path: str, rows: pa.Table) -> None:
        """Insert rows, with literals: for a few, or for a server."""
        columns = ", ".join(map(client.escape_column_name, rows.column_names))
        for batch in rows.to_batches(max_chunksize=ROWS_AT_A_TIME):
            values = zip(*(column.to_pylist() for column in batch), strict=True)
            told = ",\n".join(
                f"({', '.join(self.literal(client, value) for value in row)})"
                for row in values
            )
            client.execute_sql(f"insert into {path} ({columns}) values {told}")

    def text_columns(self, client: Client) -> Sequence[tuple[str, str]]:
        """Table and column of all texts in the tables of the client's dataset."""
        found = client.execute_sql(TEXT_COLUMNS, client.dataset_name)
        return [(table, column) for table, column in found or ()]

    def compact(self, client: Client) -> None:
        """Give back the room of deleted rows, which still holds what they said."""

    def by_code_points(self, key: str) -> str:
        """An expression that sorts a text by code points, whatever its collation."""
        return key

    def lock(self, client: Client) -> None:
        """Lock the dataset while the connection lasts, where the server has locks.

        Raises `WarehouseInUseError` if another load holds the lock.
        """
