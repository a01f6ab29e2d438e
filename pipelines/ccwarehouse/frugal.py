"""DuckDB as dlt has it, but with few threads and little memory while it writes."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.common.destination.client import LoadJob
from dlt.common.destination.typing import PreparedTableSchema
from dlt.common.normalizers.naming import NamingConvention
from dlt.destinations.impl.duckdb import factory
from dlt.destinations.impl.duckdb.configuration import DuckDbClientConfiguration
from dlt.destinations.impl.duckdb.duck import DuckDbClient, DuckDbCopyJob
from duckdb import DuckDBPyConnection, OutOfMemoryException

from claude_code_analytics import Package

from .stored_schema import OneStoredSchema
from .writer import MAX_VACUUM_TASKS


class FrugalCopy(DuckDbCopyJob):
    """The copy of a file, of which DuckDB keeps nothing in memory."""

    def run(self) -> None:
        """Copy the rows."""
        super().run()
        _give_memory_back(self._job_client.sql_client.native_connection)


class FrugalClient(OneStoredSchema, DuckDbClient):
    """dlt's client with this job, and one schema stored for all loads."""

    def create_load_job(
        self,
        table: PreparedTableSchema,
        file_path: str,
        load_id: str,
        restore: bool = False,
    ) -> LoadJob:
        """The job for a file, as dlt makes it but for copies."""
        job = super().create_load_job(table, file_path, load_id, restore)
        return FrugalCopy(file_path) if isinstance(job, DuckDbCopyJob) else job


class duckdb(factory.duckdb):  # noqa: N801 - dlt names destinations like this
    """The destination: one job after another, as each takes memory."""

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.loader_parallelism_strategy = "sequential"
        return capabilities

    def capabilities(
        self,
        config: DuckDbClientConfiguration | None = None,
        naming: NamingConvention | None = None,
    ) -> DestinationCapabilitiesContext:
        """As dlt has them, which would resolve a configuration each time it asks.

        They do not depend on any, so an empty one does as well.
        """
        return super().capabilities(config or self.spec(), naming)

    @property
    def client_class(self) -> type[DuckDbClient]:
        """The client that makes the jobs."""
        return FrugalClient


@contextmanager
def writing(connection: DuckDBPyConnection, package: Package) -> Iterator[None]:
    """Let DuckDB write with one thread, and leave little for closing the file.

    More threads would take the processors from fetching, which goes on meanwhile, and
    be done no sooner. What is not written into the file when it is closed at the latest
    would all be held in memory then. A vacuum joins what is added by halves, but writes
    all rows anew that lie beside deleted ones: when the file is closed, once for all.
    """
    with _set(connection, "threads", 1):
        yield
        tasks = 0 if package.replacement() else MAX_VACUUM_TASKS
        with _set(connection, "max_vacuum_tasks", tasks):
            connection.execute("checkpoint")
        _give_memory_back(connection)


@contextmanager
def _set(connection: DuckDBPyConnection, name: str, value: int) -> Iterator[None]:
    before = _setting(connection, name)
    connection.execute(f"set {name} = {value}")
    try:
        yield
    finally:
        connection.execute(f"set {name} = {before}")


def _give_memory_back(connection: DuckDBPyConnection) -> None:
    """Left alone, DuckDB keeps what it has written, up to most of the machine's memory.

    What it cannot do without it keeps, and refuses the lower limit.
    """
    with suppress(OutOfMemoryException):
        connection.execute("set memory_limit = '32MB'")
    # a reset shows the former limit, but only setting it puts it into force
    connection.execute("reset memory_limit")
    memory_limit = _setting(connection, "memory_limit")
    connection.execute(f"set memory_limit = '{memory_limit}'")


def _setting(connection: DuckDBPyConnection, name: str) -> Any:  # noqa: ANN401
    ((value,),) = connection.execute(f"select current_setting('{name}')").fetchall()
    return value
