"""Tables that name people and have no days: each is small, and written whole."""

import pyarrow as pa

from whole_days.privacy import Privacy, folded

from ..reports import NAMING_TABLES, REMADE, all_tables
from .engines import dialect_of
from .other import Client
from .reading import raw_rows
from .statements import is_there, transaction_of_ddl


def remake(client: Client, privacy: Privacy) -> None:
    """Rewrite the tables as `privacy` wants them, if that changes a row."""
    for name in NAMING_TABLES:
        if not is_there(client, name):
            continue
        before = raw_rows(client, all_tables()[name])
        rows = before.to_pylist()
        after = REMADE(name, rows, privacy)
        if after == rows:
            continue
        path = client.make_qualified_table_name(name)
        with transaction_of_ddl(client):
            client.execute_sql(f"delete from {path} where 1 = 1")
            new = pa.Table.from_pylist(after, before.schema)
            dialect_of(client).insert(client, path, new)


def named_rows(client: Client, name: str) -> dict[str, int]:
    """How many rows name a person, by table."""
    counts = {}
    for table, column in NAMING_TABLES.items():
        if column and is_there(client, table):
            path = client.make_qualified_table_name(table)
            found = client.execute_sql(
                f"select {column}, count(*) from {path} group by {column}"
            )
            counts[table] = sum(
                count for text, count in found or () if text and folded(text) == name
            )
    return counts
