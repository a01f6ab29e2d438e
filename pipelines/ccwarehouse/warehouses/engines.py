"""The engine of a `--destination`, and the SQL dialect of a connection."""

from pathlib import Path
from typing import Final

from dlt.common.destination import DestinationCapabilitiesContext

from .bigquery import BigQuery, BigQuerySql
from .configuration import destinations_only
from .duckdb import DuckDb, DuckDbSql
from .other import Client, Dialect, Engine
from .postgres import Postgres, PostgresSql

# By the name of `--destination`. The tests expect the same rows from all of these.
ENGINES: Final[dict[str, type[Engine]]] = {
    "duckdb": DuckDb,
    "postgres": Postgres,
    "bigquery": BigQuery,
}

# By sqlglot's name of the dialect.
DIALECTS: Final[dict[str, Dialect]] = {
    "duckdb": DuckDbSql(),
    "postgres": PostgresSql(),
    "bigquery": BigQuerySql(),
}


def engine_of(destination: str, database: Path) -> Engine:
    """The engine of `--destination` and `--database`. Opens nothing."""
    return ENGINES.get(destination, Engine)(destination, database)


def dialect_of(client: Client) -> Dialect:
    """The SQL dialect of a connection to any destination of dlt."""
    return _dialect(client.capabilities)


def dialect_for(engine: Engine) -> Dialect:
    """The SQL dialect of a destination. Connects to nothing."""
    with destinations_only():
        return _dialect(engine.destination().capabilities())


def _dialect(capabilities: DestinationCapabilitiesContext) -> Dialect:
    return DIALECTS.get(str(capabilities.sqlglot_dialect)) or Dialect()
