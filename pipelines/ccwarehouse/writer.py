"""One writer at a time; a writer that crashed holds nothing.

Both locks end with the process or the connection that took them, so there is no lock
file to clean up and nothing to expire.
"""

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import dlt
import duckdb
from dlt.destinations.sql_client import SqlClientBase

from .waiting import IMPATIENT, Patience, WarehouseInUseError, patiently

# When DuckDB closes a file it writes anew what lies beside deleted rows, and holds that
# in memory: a bit at a time will do, as the next command that writes goes on.
MAX_VACUUM_TASKS = 1


@contextmanager
def hold_file(
    database: Path, patience: Patience = IMPATIENT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a DuckDB file, which lets no other process in while it is open.

    Raises `duckdb.IOException`, which names the process that still has it open.
    """
    if not database.exists():
        _create(database)
    opened = patiently(lambda: duckdb.connect(str(database)), patience)
    with closing(opened) as connection:
        connection.execute(f"set max_vacuum_tasks = {MAX_VACUUM_TASKS}")
        yield connection


def _create(database: Path) -> None:
    """Make an empty DuckDB file at once: one that is cut short could never be opened.

    A file that someone else has made meanwhile stays. Where the disk knows no links,
    DuckDB makes the file itself.
    """
    draft = database.with_name(f"{database.name}.{os.getpid()}")
    try:
        duckdb.connect(str(draft)).close()
        with suppress(OSError):
            os.link(draft, database)
    except duckdb.Error as error:  # which names a file that nobody has asked for
        told = str(error).replace(str(draft), str(database))
        raise type(error)(told) from None
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def hold_dataset(
    pipeline: dlt.Pipeline, patience: Patience = IMPATIENT
) -> Iterator[None]:
    """The only load into a dataset of a server, where the server can tell (Postgres).

    Raises `WarehouseInUseError` when another load still has it.
    """
    with pipeline.sql_client() as client:
        if client.capabilities.sqlglot_dialect == "postgres":
            patiently(lambda: _lock(client), patience)
        yield


def _lock(client: SqlClientBase[Any]) -> None:
    name = f"ccwarehouse:{client.dataset_name}"
    (row,) = client.execute_sql(_LOCK, name, name) or ()
    if not row[0]:
        raise WarehouseInUseError(f"another load writes to it ({row[1]}).")


_LOCK = """
    select
        pg_try_advisory_lock(hashtext(%s)),
        (
            select
                concat_ws(
                    ' ', 'user', usename, 'from', coalesce(client_addr::text, 'here'),
                    'since', date_trunc('second', backend_start), 'process', pid
                )
            from pg_stat_activity
            join pg_locks using (pid)
            where locktype = 'advisory' and classid = 0 and granted
                and objid = hashtext(%s)::bit(32)::bigint::oid
            limit 1
        )
"""
