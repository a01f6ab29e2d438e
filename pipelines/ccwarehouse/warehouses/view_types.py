"""The types of views' columns, as an empty DuckDB in memory derives them.

The SQL is written in DuckDB's dialect. Other warehouses have no decimal of 38 digits,
or do not report its scale.
"""

from collections.abc import Iterable
from functools import cache

import duckdb
import pyarrow as pa

from claude_code_marts import Model, models, render

from ..reports import all_tables

LOADS = "load_id text, schema_name text, status bigint, inserted_at timestamptz"


@cache
def view_schema(view: Model) -> pa.Schema:
    """The columns of a view in its order; times are in UTC."""
    with duckdb.connect() as connection:
        make_tables(connection)
        make_views(connection, _with_inner(view))
        query = f"select * from claude_code_marts.{view.name}"
        schema = connection.sql(query).to_arrow_table().schema
    return pa.schema([field.with_type(_in_utc(field.type)) for field in schema])


def make_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create all raw tables, and dlt's table of loads, without rows."""
    connection.execute("create schema claude_code")
    for name, table in all_tables().items():
        connection.register("rows", table.empty())
        connection.execute(
            f"create table claude_code.{name} as select *, '' as _dlt_load_id from rows"
        )
    connection.unregister("rows")
    connection.execute(f"create table claude_code._dlt_loads ({LOADS})")


def make_views(connection: duckdb.DuckDBPyConnection, views: Iterable[Model]) -> None:
    """Create views over these tables, each after the views that it reads."""
    connection.execute("create schema claude_code_marts")
    for view in views:
        path = f"claude_code_marts.{view.name}"
        connection.execute(f"create view {path} as {render(view)}")


def _with_inner(view: Model) -> list[Model]:
    """The view after all views that it reads, directly or not."""
    wanted = {view.name}
    found: list[Model] = []
    for model in reversed(models(further=view.is_further)):  # outer views first
        if model.name in wanted:
            wanted |= model.reads
            found.append(model)
    return found[::-1]


def _in_utc(kind: pa.DataType) -> pa.DataType:
    return pa.timestamp("us", "UTC") if pa.types.is_timestamp(kind) else kind
