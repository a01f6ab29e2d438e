"""The columns of the views as Arrow types, the same whatever warehouse holds them."""

import duckdb
import pyarrow as pa

from claude_code_marts import models, render

from .reports import all_tables

# dlt's table of committed loads, which the staging views read.
LOADS = "load_id text, schema_name text, status bigint, inserted_at timestamptz"
MOMENT = pa.timestamp("us", "UTC")


def build_empty_views(connection: duckdb.DuckDBPyConnection) -> None:
    """Make all raw tables without rows, and all views over them."""
    connection.execute("create schema claude_code")
    connection.execute(f"create table claude_code._dlt_loads ({LOADS})")
    for name, table in all_tables().items():
        connection.register("rows", table.empty())
        connection.execute(
            f"create table claude_code.{name} as select *, '' as _dlt_load_id from rows"
        )
    connection.execute("create schema claude_code_marts")
    for view in models():
        connection.execute(
            f"create view claude_code_marts.{view.name} as {render(view)}"
        )


def schema_of(view: str) -> pa.Schema:
    """The Arrow schema of a view: texts, int64, decimal128(38, 12), UTC moments."""
    with duckdb.connect() as connection:
        build_empty_views(connection)
        rows = connection.sql(f"from claude_code_marts.{view}").to_arrow_table()
    return pa.schema([(field.name, _plain(field.type)) for field in rows.schema])


def _plain(kind: pa.DataType) -> pa.DataType:
    return MOMENT if pa.types.is_timestamp(kind) else kind
