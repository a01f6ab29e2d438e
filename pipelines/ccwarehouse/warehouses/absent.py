"""Further reports that a dataset holds, and stand-ins for the tables of the others.

Views of further reports are built once any of them is loaded. They read the tables of
reports that are not loaded as tables without rows. So they have the same columns in
every dataset, and no dataset gets tables that it does not need.
"""

from collections.abc import Collection
from typing import Final

import pyarrow as pa

from whole_days.table import LOAD_ID, Table

from ..reports import OPTIONAL
from .other import Client

# As dlt makes the columns. Postgres tells varchar from text.
TYPES: Final = {
    pa.string(): "varchar",
    pa.int64(): "bigint",
    pa.bool_(): "boolean",
    pa.date32(): "date",
    pa.timestamp("us", "UTC"): "timestamptz",
}


def loaded_schemas(client: Client) -> set[str]:
    """The dlt schemas that have a committed load: all of their tables are there."""
    loads = client.make_qualified_table_name("_dlt_loads")
    query = f"select distinct schema_name from {loads} where status = 0"
    return {schema for (schema,) in client.execute_sql(query) or ()}


def has_further(loaded: Collection[str]) -> bool:
    """Whether any further report is loaded."""
    return any(schema in loaded for schema in OPTIONAL)


def absent_tables(loaded: Collection[str]) -> tuple[tuple[str, str], ...]:
    """The tables that are not there, each with a query of Postgres to read instead."""
    return tuple(
        (name, _without_rows(table))
        for schema, tables in OPTIONAL.items()
        if schema not in loaded
        for name, table in tables.items()
    )


def _without_rows(table: Table) -> str:
    columns = [
        *((column.name, _type(column.type)) for column in table.columns),
        (LOAD_ID, "varchar"),
    ]
    nulls = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns)
    # BigQuery allows no condition without a table
    return f"select {nulls} from (select 1 as one) as nothing where 1 = 0"


def _type(kind: pa.DataType) -> str:
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision}, {kind.scale})"
    return TYPES[kind]
