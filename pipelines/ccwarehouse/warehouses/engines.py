"""Which engine a name on the command line is, and which SQL a connection speaks."""

from pathlib import Path
from typing import Final

from dlt.common.destination import DestinationCapabilitiesContext

from .bigquery import BigQuery, BigQuerySql
from .configuration import destinations_only
from .duckdb import DuckDb, DuckDbSql
from .other import Client, Dialect, Engine
from .postgres import Postgres, PostgresSql

# By the name of `--destination`; the tests hold these to the same rows.
ENGINES: Final[dict[str, type[Engine]]] = {
    "duckdb": DuckDb,
    "postgres": Postgres,
    "bigquery": BigQuery,
}

# By the name that sqlglot has for it.
DIALECTS: Final[dict[str, Dialect]] = {
    "duckdb": DuckDbSql(),
    "postgres": PostgresSql(),
    "bigquery": BigQuerySql(),
}


def engine_of(destination: str, database: Path) -> Engine:
    """The engine behind `--destination` and `--database`; opens nothing."""
    return ENGINES.get(destination, Engine)(destination, database)


def dialect_of(client: Client) -> Dialect:
    """The SQL of a connection, whatever destination of dlt's it is."""
    return _dialect(client.capabilities)


def dialect_for(engine: Engine) -> Dialect:
    """The SQL of a destination; connects to nothing."""
    with destinations_only():
        return _dialect(engine.destination().capabilities())


def _dialect(capabilities: DestinationCapabilitiesContext) -> Dialect:
    return DIALECTS.get(str(capabilities.sqlglot_dialect)) or Dialect()
