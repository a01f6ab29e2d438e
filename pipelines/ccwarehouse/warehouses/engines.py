"""Which engine a name on the command line is, and which SQL a connection speaks."""

from pathlib import Path
from typing import Final

from .bigquery import BigQuery, BigQuerySql
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
    return DIALECTS.get(str(client.capabilities.sqlglot_dialect)) or Dialect()
