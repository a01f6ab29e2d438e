"""Copy a dataset into another warehouse: its rows, its ledger and its facts.

To load again would not do: the API does not tell what it said earlier, so the history
of a day would be lost.

Rows keep the id of the load that wrote them. They count when that load is noted in
`_dlt_loads`, which comes after all rows. Until the views are built as well, the target
has a fact that says it is unfinished: then all else refuses it, and the next copy
begins anew.
"""

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

import dlt
import pyarrow as pa
from dlt.extract import DltSource

from whole_days.table import LOAD_ID, Table

from ..reports import REPORTS, all_tables
from .dlt_commit import before_commit
from .engines import dialect_of
from .errors import CopyError, NothingLoadedError
from .facts import forget_fact, read_facts, write_fact
from .materialised import is_there, transaction_of_ddl
from .other import Client
from .reading import as_batch
from .shape import UNFINISHED, note_shape, require_own_shape
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
    with target.pipeline.sql_client() as client:
        _make_ready(client, target.location, source.location)
    _copy_rows(source, target)
    target.fill_views()
    with target.client() as client:
        for name in facts.keys() - read_facts(client).keys():
            write_fact(client, name, facts[name])
        forget_fact(client, UNFINISHED)
        return {table: _count(client, table) for table in all_tables()}


def _make_ready(client: Client, place: str, origin: str) -> None:
    """Mark an empty dataset, or empty the one of a copy that has not ended."""
    tables = [*all_tables(), LOADS]
    found = [table for table in tables if is_there(client, table)]
    if found and UNFINISHED not in read_facts(client):
        raise CopyError(FULL.format(target=place, table=found[0]))
    if not client.has_dataset():
        client.create_dataset()
    write_fact(client, UNFINISHED, origin)
    note_shape(client)
    for table in found:
        path = client.make_qualified_table_name(table)
        client.execute_sql(f"delete from {path} where true")


def _copy_rows(source: Warehouse, target: Warehouse) -> None:
    """Write the rows of all tables in one package, and then the loads."""

    def note_loads(client: Client) -> None:
        with source.client() as other:
            _copy_loads(other, client)

    rows = target.engine.lay_out(_as_source(source), all_tables())
    with (
        target.engine.writing(target.pipeline, replaces=False),
        before_commit(note_loads),
    ):
        target.pipeline.run(rows)


def _as_source(source: Warehouse) -> DltSource:
    """All tables as one dlt source, under the name that loads of a report use."""
    name = REPORTS[0].source
    resources = [
        dlt.resource(chain(_resource(source, table)), name=table.name)  # as in a load
        for table in all_tables().values()
    ]
    made = DltSource(dlt.Schema(name), name, resources)
    made.root_key = False
    return made


def _resource(source: Warehouse, table: Table) -> Iterator[pa.Table]:
    """The hints of a table, and its rows in batches; each table on a connection."""
    dlt.current.source_schema().update_table(table.hints())
    schema = table.schema.append(pa.field(LOAD_ID, pa.string()))
    yield schema.empty_table()  # so that a table without rows is made as well
    with source.client() as client:
        if not is_there(client, table.name):  # of files, until the first one is loaded
            return
        columns = ", ".join(map(client.escape_column_name, schema.names))
        path = client.make_qualified_table_name(table.name)
        query = f"select {columns} from {path}"
        with dialect_of(client).reading(client, query) as chunks:
            for chunk in chunks:
                yield pa.Table.from_batches([as_batch(chunk, schema)])


def _copy_loads(source: Client, target: Client) -> None:
    columns = ", ".join(OF_LOADS)
    path = target.make_qualified_table_name(LOADS)
    loads = source.make_qualified_table_name(LOADS)
    found = source.execute_sql(f"select {columns} from {loads}") or ()
    row = f"({', '.join(['%s'] * len(OF_LOADS))})"
    with transaction_of_ddl(target):
        arriving = iter(found)
        while some := list(islice(arriving, LOADS_AT_ONCE)):
            rows = ", ".join([row] * len(some))
            insert = f"insert into {path} ({columns}) values {rows}"
            target.execute_sql(insert, *chain.from_iterable(some))


def _count(client: Client, table: str) -> int:
    path = client.make_qualified_table_name(table)
    ((count,),) = client.execute_sql(f"select count(*) from {path}") or ()
    return int(count)
