"""The stored versions: read from the warehouse, and appended to it in one package.

Rows of a load that was killed before its package was committed are never read.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Final

import dlt
import pyarrow as pa
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from whole_days.table import LOAD_ID, Table

from .contract import KINDS, SNAPSHOTS, TABLES, Kind
from .elements import Key
from .versions import Known

SCHEMA: Final = "anthropic_directory"

# Ordered by number, because a time may come from a wrong clock.
_COMMITTED: Final = """
    select {columns}
    from {table} as versions
    join {loads} as loads on loads.load_id = versions._dlt_load_id
    where loads.status = 0 and versions.account = %s
    order by versions.snapshot_number
"""


def read_known(pipeline: dlt.Pipeline, account: str) -> Known:
    """What is stored of an account's organisation. A missing table counts as empty."""
    with pipeline.sql_client() as client:
        columns = ("snapshot_number", "organization_id")
        taken = _committed(client, SNAPSHOTS, columns, account)
        hashes = {kind.table.name: _hashes(client, kind, account) for kind in KINDS}
    if not taken:
        return Known(hashes=hashes)
    number, organization_id = taken[-1]
    return Known(number, organization_id, hashes)


def _hashes(
    client: SqlClientBase[Any], kind: Kind, account: str
) -> dict[Key, str | None]:
    columns = ("organization_id", *kind.key, "content_hash")
    rows = _committed(client, kind.table, columns, account)
    return {tuple(key): content_hash for *key, content_hash in rows}  # the last stays


def _committed(
    client: SqlClientBase[Any], table: Table, columns: Iterable[str], account: str
) -> Sequence[Sequence[Any]]:
    query = _COMMITTED.format(
        columns=", ".join(f"versions.{column}" for column in columns),
        table=client.make_qualified_table_name(table.name),
        loads=client.make_qualified_table_name("_dlt_loads"),
    )
    try:
        return client.execute_sql(query, account) or ()
    except DatabaseUndefinedRelation:
        return ()


def as_source(
    rows: Mapping[str, Sequence[Mapping[str, Any]]], *, is_first: bool
) -> DltSource:
    """The rows as a dlt source. The first snapshot creates all tables."""
    resources = [
        dlt.resource(chain(_read(table, rows[name], is_first)), name=name)
        for name, table in TABLES.items()
    ]
    source = DltSource(dlt.Schema(SCHEMA), SCHEMA, resources)
    source.root_key = False  # as in whole_days
    return source


def _read(
    table: Table, rows: Sequence[Mapping[str, Any]], is_first: bool
) -> Iterator[pa.Table]:
    dlt.current.source_schema().update_table(table.hints())
    if rows or is_first:
        load_id = dlt.current.load_package_state()["load_id"]
        ids = pa.repeat(load_id, len(rows))
        yield table.of(rows).append_column(LOAD_ID, ids)
