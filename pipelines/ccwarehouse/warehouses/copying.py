"""Copy a dataset into another warehouse: its rows, its ledger and its facts.

Loading again is no substitute: the API does not repeat what it said earlier, so the
history of a day would be lost.

Rows keep the id of the load that wrote them. They count when that load is noted in
`_dlt_loads`, which comes after all rows. Until the views are built as well, the target
has a fact that says it is unfinished: then all else refuses it, and the next copy
starts again.
"""

from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Final

import dlt
import pyarrow as pa
from dlt.extract import DltSource

from whole_days.table import Table

from ..reports import all_tables, tables_by_schema
from .absent import loaded_schemas
from .errors import CopyError, NothingLoadedError
from .facts import forget_fact, read_facts, write_fact
from .other import Client
from .reading import raw_chunks, stored_schema
from .shape import UNFINISHED, note_shape, require_own_shape
from .statements import batched, is_there, make_dataset, transaction_of_ddl
from .warehouse import Warehouse

LOADS: Final = "_dlt_loads"
OF_LOADS: Final = (
    *("load_id", "schema_name", "status"),
    *("inserted_at", "schema_version_hash"),
)
LOADS_AT_ONCE: Final = 500

FULL: Final = (
    "{target} holds tables of ccwarehouse already ({table}). Copy into a new dataset "
    "(--to-dataset), or drop these tables first."
)


def copy_dataset(source: Warehouse, target: Warehouse) -> dict[str, int]:
    """Copy all rows and build the views; returns the number of rows of each table.

    Nothing may write to the source meanwhile. Raises `NothingLoadedError` and
    `OtherShapeError` for the source, `CopyError` for a target that is not empty, and
    dlt's errors of both.
    """
    with source.client() as client:
        require_own_shape(client)
        if not is_there(client, LOADS):
            raise NothingLoadedError(
                f"dataset {client.dataset_name} holds no usage yet: load first"
                " (`ccwarehouse load`)"
            )
        facts = read_facts(client)
        tables = tables_by_schema(loaded_schemas(client))
    with target.pipeline.sql_client() as client:
        _make_ready(client, target.location, source.location)
    for schema in tables:
        _copy_rows(source, target, schema, tables[schema])
    _copy_loads(source, target)
    target.fill_views()
    with target.client() as client:
        for name in facts.keys() - read_facts(client).keys():
            write_fact(client, name, facts[name])
        forget_fact(client, UNFINISHED)
        copied = chain.from_iterable(tables.values())
        return {table: _count(client, table) for table in copied}


def _make_ready(client: Client, place: str, origin: str) -> None:
    """Mark an empty dataset, or empty the one of a copy that has not ended."""
    tables = [*all_tables(), LOADS]
    found = [table for table in tables if is_there(client, table)]
    if found and UNFINISHED not in read_facts(client):
        raise CopyError(FULL.format(target=place, table=found[0]))
    make_dataset(client)
    write_fact(client, UNFINISHED, origin)
    note_shape(client)
    for table in found:
        path = client.make_qualified_table_name(table)
        client.execute_sql(f"delete from {path} where true")


def _copy_rows(
    source: Warehouse, target: Warehouse, schema: str, tables: Mapping[str, Table]
) -> None:
    """Write all rows of a dlt schema in one package, as loads of it do."""
    resources = [
        dlt.resource(chain(_resource(source, table)), name=name)  # as in a load
        for name, table in tables.items()
    ]
    rows = DltSource(dlt.Schema(schema), schema, resources)
    rows.root_key = False
    with target.engine.writing(target.pipeline, replaces=False):
        target.pipeline.run(target.engine.lay_out(rows, tables))


def _resource(source: Warehouse, table: Table) -> Iterator[pa.Table]:
    """The hints of a table, and its rows in batches; each table on a connection."""
    dlt.current.source_schema().update_table(table.hints())
    yield stored_schema(table).empty_table()  # also a table without rows is made
    with source.client() as client:
        if not is_there(client, table.name):  # of files, until the first one is loaded
            return
        yield from raw_chunks(client, table)


def _copy_loads(source: Warehouse, target: Warehouse) -> None:
    with source.client() as origin, target.client() as client:
        columns = ", ".join(OF_LOADS)
        loads = origin.make_qualified_table_name(LOADS)
        found = origin.execute_sql(f"select {columns} from {loads}") or ()
        path = client.make_qualified_table_name(LOADS)
        row = f"({', '.join(['%s'] * len(OF_LOADS))})"
        with transaction_of_ddl(client):
            for some in batched(found, LOADS_AT_ONCE):
                rows = ", ".join([row] * len(some))
                insert = f"insert into {path} ({columns}) values {rows}"
                client.execute_sql(insert, *chain.from_iterable(some))


def _count(client: Client, table: str) -> int:
    path = client.make_qualified_table_name(table)
    ((count,),) = client.execute_sql(f"select count(*) from {path}") or ()
    return int(count)
