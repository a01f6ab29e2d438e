"""DuckDB: a file of ours, which one program at a time may write."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, ClassVar, Final

import dlt
import pyarrow as pa
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from duckdb import DuckDBPyConnection, OutOfMemoryException

from . import duckdb_copy
from .comment_on import CommentOn
from .dlt_stored_schema import storing_one_schema
from .duckdb_file import IN_USE, MAX_VACUUM_TASKS, hold_file, require_own_name
from .fixes import WAIT
from .other import ROWS_AT_ONCE, AnyDestination, Client, DriverErrors, Engine
from .postgres_catalogue import no_views
from .waiting import IMPATIENT, Patience

# For the writing of a package. A backfill of 350,000 records peaked at 400 to 420 MB,
# and at 475 without a limit or with one of 128 MB, in the same time. Rows of 3,600
# letters, 150,000 at once, still fit; with 32 MB they did not.
MEMORY: Final = "64MB"


# For queries over all users. With 3,000 users over two years they took 530 MB without
# a limit, and not longer with this one, as DuckDB moves to disk what it can.
MEMORY_OF_QUERIES: Final = "256MB"


class DuckDb(Engine):
    """A file, made by the first load."""

    stores_marts: ClassVar[bool] = True
    errors: ClassVar[DriverErrors] = DriverErrors(
        {IN_USE: WAIT}, after=" However, you would be able to open"
    )

    @property
    def place(self) -> str:
        """The file as it was given."""
        return str(self.database)

    def exists(self) -> bool:
        """Whether the file is there."""
        return self.database.exists()

    def try_folder(self) -> None:
        """Write a file beside it that goes away again. Raises OSError."""
        folder = self.database.parent
        try:
            with TemporaryFile(dir=folder) as file:
                file.write(b"ccwarehouse")
        except OSError as error:  # which need not name the folder
            raise OSError(error.errno, error.strerror, str(folder)) from None

    def stored_name(self, dataset: str) -> str:
        """Also raises `ImpossibleNameError` where DuckDB would mistake a name."""
        name = super().stored_name(dataset)
        require_own_name(self.database, name)
        return name

    def destination(self, credentials: Any = None) -> AnyDestination:  # noqa: ANN401
        """dlt's destination, which runs one job after another: each takes memory."""
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
        """The file, held unless it is only read; a sole writer makes it.

        Its path is whole: DuckDB takes `md:usage` for no file at all.
        """
        path = self.database.absolute()
        if sole_writer or (self.exists() and not read_only):
            with hold_file(path, patience) as connection:
                yield self.destination(connection)
        else:
            yield self.destination(DuckDbCredentials(str(path), read_only=read_only))

    @contextmanager
    def writing(self, pipeline: dlt.Pipeline, *, replaces: bool) -> Iterator[None]:
        """Write with one thread and little memory, and leave nothing unwritten.

        More threads would take the processors from fetching, which goes on meanwhile,
        and be done no sooner. Left alone, DuckDB keeps what it has written, up to most
        of the machine's memory; it would hold what is unwritten when the file closes,
        too. DuckDB's vacuum is cheap after appends. After deletes it rewrites
        neighbouring rows, so it runs only when the file closes.
        """
        with pipeline.sql_client() as client:
            connection = client.native_connection
            with _set(connection, "threads", 1), _memory(connection, MEMORY):
                yield
                tasks = 0 if replaces else MAX_VACUUM_TASKS
                with _set(connection, "max_vacuum_tasks", tasks):
                    connection.execute("checkpoint")

    def require_copy(self, target: Path, dataset: str) -> None:
        """Raise `ImpossibleNameError` where no copy can be put into `target`."""
        duckdb_copy.require_target(target, self.database, super().stored_name(dataset))

    def copy(self, target: Path, patience: Patience) -> None:
        """Put a whole copy for readers in place. Raises `PublishError`."""
        duckdb_copy.publish(self.database, target, patience)


class DuckDbSql(CommentOn):
    """DuckDB's SQL, which MotherDuck and DuckLake have, too."""

    # DuckDB never refuses to replace a view, whatever became of its columns.
    replaces_views_at_once = True

    @contextmanager
    def reading(self, client: Client, query: str) -> Iterator[Iterator[pa.Table]]:
        """As Arrow, which DuckDB makes much faster than tuples."""
        with client.execute_query(query) as cursor:
            yield cursor.iter_arrow(ROWS_AT_ONCE)

    def rows(
        self, client: Client, query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        """With little memory, and where that does not do with more."""
        try:
            with _memory(client.native_connection, MEMORY_OF_QUERIES):
                return super().rows(client, query, *values)
        except DatabaseException as error:
            if not isinstance(error.dbapi_exception, OutOfMemoryException):
                raise
        return super().rows(client, query, *values)

    def no_views(self, client: Client, dataset: str) -> list[tuple[str, str]]:
        """DuckDB has this much of Postgres's catalogue."""
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
def _memory(connection: DuckDBPyConnection, most: str) -> Iterator[None]:
    connection.execute(f"set memory_limit = '{most}'")
    try:
        yield
    finally:
        # After `reset`, DuckDB reports the old limit but applies it only when set
        # again. What it reported before is rounded down, more with each package.
        connection.execute("reset memory_limit")
        limit = _setting(connection, "memory_limit")
        connection.execute(f"set memory_limit = '{limit}'")


def _setting(connection: DuckDBPyConnection, name: str) -> Any:  # noqa: ANN401
    ((value,),) = connection.execute(f"select current_setting('{name}')").fetchall()
    return value
