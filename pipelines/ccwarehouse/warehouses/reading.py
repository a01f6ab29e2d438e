"""Rows of views and tables in batches, with the same types in every warehouse."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import pyarrow as pa
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import Model
from whole_days.table import LOAD_ID, Table

from .engines import dialect_of
from .errors import NothingLoadedError
from .names import column_of_view, marts_name
from .other import Client
from .view_types import view_schema

BUILD: Final = ": build it first (`ccwarehouse transform`)"
NAME_REPORTS: Final = (
    ", which stands on further reports: name them in `reports`, then load"
    " (`ccwarehouse load`)"
)

Batches: TypeAlias = Iterator[pa.RecordBatch]


@contextmanager
def reading(client: Client, view: Model) -> Iterator[tuple[pa.Schema, Batches]]:
    """The types of a view's columns and its rows, in the order of its grain.

    Nulls come first, and texts are sorted by code points. So equal data has the same
    order in every warehouse, whatever its collation.

    Raises `NothingLoadedError` if the view is not built.
    """
    schema = view_schema(view)
    marts = marts_name(client.dataset_name)
    try:
        with dialect_of(client).reading(client, _query(client, view, schema)) as chunks:
            yield schema, (_as_batch(chunk, schema) for chunk in chunks)
    except DatabaseUndefinedRelation as error:
        fix = NAME_REPORTS if view.is_further else BUILD
        raise NothingLoadedError(
            f"dataset {marts} lacks view {view.name}{fix}"
        ) from error


def _query(client: Client, view: Model, schema: pa.Schema) -> str:
    with client.with_alternative_dataset_name(marts_name(client.dataset_name)):
        path = client.make_qualified_table_name(view.name)
    columns = ", ".join(column_of_view(client, name) for name in schema.names)
    keys = ", ".join(_key(client, schema.field(name)) for name in view.grain)
    return f"select {columns} from {path} order by {keys}"


def _key(client: Client, field: pa.Field) -> str:
    key = column_of_view(client, field.name)
    if pa.types.is_string(field.type):
        key = dialect_of(client).by_code_points(key)
    return f"{key} nulls first"


def stored_schema(table: Table) -> pa.Schema:
    """The columns of a raw table with the id of the load."""
    return table.schema.append(pa.field(LOAD_ID, pa.string()))


def raw_chunks(
    client: Client, table: Table, where: str = "1 = 1"
) -> Iterator[pa.Table]:
    """The rows of a raw table, as `stored_schema` has them, some at a time."""
    schema = stored_schema(table)
    columns = ", ".join(map(client.escape_column_name, schema.names))
    path = client.make_qualified_table_name(table.name)
    query = f"select {columns} from {path} where {where}"
    with dialect_of(client).reading(client, query) as chunks:
        for chunk in chunks:
            yield _as_table(chunk, schema)


def raw_rows(client: Client, table: Table, where: str = "1 = 1") -> pa.Table:
    """The same rows in one table."""
    chunks = raw_chunks(client, table, where)
    return pa.concat_tables([stored_schema(table).empty_table(), *chunks])


def _as_batch(
    chunk: pa.Table | Iterable[Sequence[Any]], schema: pa.Schema
) -> pa.RecordBatch:
    [batch] = _as_table(chunk, schema).combine_chunks().to_batches()
    return batch


def _as_table(chunk: pa.Table | Iterable[Sequence[Any]], schema: pa.Schema) -> pa.Table:
    """Rows with these types, whichever way an engine gives them."""
    if isinstance(chunk, pa.Table):
        return chunk.cast(schema)
    columns = zip(*chunk, strict=True)
    arrays = [
        pa.array(column, kind)
        for column, kind in zip(columns, schema.types, strict=True)
    ]
    return pa.table(arrays, schema)
