"""DuckDB: a local file, which one program at a time may write."""

import math
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar, Final

import dlt
import pyarrow as pa
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from duckdb import DuckDBPyConnection, OutOfMemoryException

from . import duckdb_compact, duckdb_copy
from .comment_on import CommentOn
from .dlt_stored_schema import storing_one_schema
from .duckdb_file import (
    IN_USE,
    MAX_VACUUM_TASKS,
    catalog_name,
    hold_file,
    require_own_name,
    wait_for,
)
from .fixes import WAIT
from .other import ROWS_AT_ONCE, AnyDestination, Client, DriverErrors, Engine
from .postgres_catalogue import no_views
from .waiting import IMPATIENT, Patience

# DuckDB's limit while it writes a package. With 64 MB a backfill of 350,000 records
# peaked at 400 to 420 MB; with 128 MB or no limit at 475 MB, in the same time. With
# 32 MB, 150,000 rows of 3,600 letters did not fit. `make bench` prints peak and time
# of a backfill.
MEGABYTES: Final = 64

# For queries over all users. With 3,000 users over two years, as in the data of
# `make bench-marts`, they took 530 MB without a limit. With this one they take no
# longer: DuckDB moves to disk what it can.
MEGABYTES_OF_QUERIES: Final = 256


ADDED: Final = "ccwarehouse_added_rows"  # what DuckDB calls rows from Python


class DuckDb(Engine):
    """A file, created by the first load."""

    stores_marts: ClassVar[bool] = True
    errors: ClassVar[DriverErrors] = DriverErrors(
        {IN_USE: WAIT}, after=" However, you would be able to open"
    )

    @property
    def place(self) -> str:
        """The path of the file, as given."""
        return str(self.database)

    @property
    def catalog(self) -> str | None:
        """What DuckDB calls the database in the file, opened or attached."""
        return catalog_name(self.database)

    def exists(self) -> bool:
        """Whether the file exists."""
        return self.database.exists()

    def try_folder(self) -> None:
        """Write a temporary file beside it. Raises OSError."""
        folder = self.database.parent
        try:
            with TemporaryFile(dir=folder) as file:
                file.write(b"ccwarehouse")
        except OSError as error:  # it may not name the folder
            raise OSError(error.errno, error.strerror, str(folder)) from None

    def stored_name(self, dataset: str) -> str:
        """Also raises `ImpossibleNameError` for a name that is ambiguous in DuckDB."""
        name = super().stored_name(dataset)
        require_own_name(self.database, name)
        return name

    def whole(self, dataset: str) -> tuple[object, ...]:
        """The file, whichever datasets are in it."""
        return self.name, self.database.resolve()

    def destination(self, credentials: Any = None) -> AnyDestination:  # noqa: ANN401
        """dlt's destination, one job after another: parallel jobs need more memory."""
        return storing_one_schema(dlt.destinations.duckdb)(
            credentials, loader_parallelism_strategy="sequential"
        )

    @contextmanager
    def opened(
        self,
        *,
        sole_writer: bool = False,
        read_only: bool = False,
        patience: Patience = IMPATIENT,
    ) -> Iterator[AnyDestination]:
        """The file, locked unless it is only read. A sole writer creates it.

        The path is absolute, because DuckDB reads `md:usage` as a MotherDuck name.
        """
        path = self.database.absolute()
        if sole_writer or (self.exists() and not read_only):
            with hold_file(path, patience) as connection:
                yield self.destination(connection)
        elif self.exists():
            with closing(wait_for(path, patience, read_only=True)) as connection:
                yield self.destination(connection)
        else:
            yield self.destination(DuckDbCredentials(str(path), read_only=read_only))

    @contextmanager
    def writing(self, pipeline: dlt.Pipeline, *, replaces: bool) -> Iterator[None]:
        """Write with one thread and little memory, and checkpoint at the end.

        More threads make the backfill of `make bench` no faster, and slow down the
        fetching of the next days. By default DuckDB caches written data in up to 80% of
        the machine's memory, and would do so again on closing a file without a
        checkpoint. DuckDB's vacuum is cheap after appends. After deletes it rewrites
        neighbouring rows, so it runs only when the file closes.
        """
        with pipeline.sql_client() as client:
            connection = client.native_connection
            with _set(connection, "threads", 1), _memory(connection, MEGABYTES):
                yield
                tasks = 0 if replaces else MAX_VACUUM_TASKS
                with _set(connection, "max_vacuum_tasks", tasks):
                    connection.execute("checkpoint")

    @contextmanager
    def storing_marts(self, client: Client, records: int) -> Iterator[None]:
        """With more memory, and still more for a day of many records.

        Some marts are computed whole, or from 28 days: with a million records stored
        three nights in a row did not fit into the memory of one package.
        """
        parts = max(math.ceil(records / DuckDbSql.records_stored_at_once), 2)
        client.execute_sql(f"set memory_limit = '{parts * MEGABYTES}MB'")
        try:
            yield
        finally:
            client.execute_sql(f"set memory_limit = '{MEGABYTES}MB'")

    def compact(self, patience: Patience) -> None:
        """Copy what counts to a new file, and put that in place atomically."""
        duckdb_compact.compact(self.database, patience)

    def holds_bytes(self, name: str, others: Sequence[str]) -> int | None:
        """How often the file and its log hold a name."""
        return duckdb_compact.occurrences(self.database, name, others)

    def require_copy(self, target: Path, dataset: str) -> None:
        """Raise `ImpossibleNameError` if `target` cannot be a copy."""
        duckdb_copy.require_target(target, self.database, super().stored_name(dataset))

    def copy(self, target: Path, patience: Patience) -> None:
        """Copy the file to `target`, atomically. Raises `PublishError`."""
        duckdb_copy.publish(self.database, target, patience)


class DuckDbSql(CommentOn):
    """The SQL of DuckDB, MotherDuck and DuckLake."""

    # DuckDB can replace a view even if its columns change.
    replaces_views_at_once = True

    # 20,000 records need 48 MB, 60,000 need 96 MB and 100,000 need 128 MB. To find
    # out, load one such day with a lower `MEGABYTES` until DuckDB raises OutOfMemory.
    records_stored_at_once = 20_000

    @contextmanager
    def reading(self, client: Client, query: str) -> Iterator[Iterator[pa.Table]]:
        """Read as Arrow: a million rows of five columns took 0.05 s, tuples 2.3 s."""
        with client.execute_query(query) as cursor:
            yield cursor.iter_arrow(ROWS_AT_ONCE)

    def insert(self, client: Client, path: str, rows: pa.Table) -> None:
        """Insert rows as Arrow.

        With literals 20,000 rows of five columns took 0.5 s: a million of the usage
        report would take minutes.
        """
        connection = client.native_connection
        connection.register(ADDED, rows)
        try:
            columns = ", ".join(map(client.escape_column_name, rows.column_names))
            connection.execute(
                f"insert into {path} ({columns}) select {columns} from {ADDED}"
            )
        finally:
            connection.unregister(ADDED)

    def as_one_value(self, columns: Sequence[str]) -> str | None:
        """A row, which is itself not null when all its values are."""
        return f"row({', '.join(columns)})"

    def rows(
        self, client: Client, query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        """With little memory; again with more if DuckDB runs out of it."""
        try:
            with _memory(client.native_connection, MEGABYTES_OF_QUERIES):
                return super().rows(client, query, *values)
        except DatabaseException as error:
            if not isinstance(error.dbapi_exception, OutOfMemoryException):
                raise
        return super().rows(client, query, *values)

    def no_views(self, client: Client, dataset: str) -> list[tuple[str, str]]:
        """The objects that are not views; DuckDB has Postgres's catalogue for this."""
        return no_views(client, dataset)


@contextmanager
def _set(connection: DuckDBPyConnection, name: str, value: int) -> Iterator[None]:
    before = _setting(connection, name)
    connection.execute(f"set {name} = {value}")
    try:
        yield
    finally:
        connection.execute(f"set {name} = {before}")


@contextmanager
def _memory(connection: DuckDBPyConnection, megabytes: int) -> Iterator[None]:
    connection.execute(f"set memory_limit = '{megabytes}MB'")
    try:
        yield
    finally:
        # After `reset`, DuckDB reports the old limit but applies it only when set
        # again. The value from before the write is no substitute: DuckDB rounds it
        # down each time.
        connection.execute("reset memory_limit")
        limit = _setting(connection, "memory_limit")
        connection.execute(f"set memory_limit = '{limit}'")


def _setting(connection: DuckDBPyConnection, name: str) -> Any:  # noqa: ANN401
    ((value,),) = connection.execute(f"select current_setting('{name}')").fetchall()
    return value
