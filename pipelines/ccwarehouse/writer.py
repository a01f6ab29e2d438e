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
from dlt.destinations.exceptions import DatabaseTransientException
from dlt.destinations.sql_client import SqlClientBase


class WarehouseInUseError(RuntimeError):
    """Another load writes to a server's dataset; the message says whose."""


@contextmanager
def hold_file(database: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a DuckDB file, which lets no other process in while it is open.

    Raises `duckdb.IOException`, which names the process that has it open already.
    """
    if not database.exists():
        _create(database)
    with closing(duckdb.connect(str(database))) as connection:
        yield connection


@contextmanager
def frugal(client: SqlClientBase[Any]) -> Iterator[None]:
    """Let DuckDB write with one thread, and give back its memory afterwards.

    More threads would take the processors from fetching, which goes on meanwhile, and
    be done no sooner. Memory it would keep up to most of the machine's.
    """
    threads, memory_limit = _setting(client, "threads"), _setting(client, "memory_limit")
    client.execute_sql("set threads = 1")
    try:
        yield
        client.execute_sql("checkpoint")
        # what it cannot do without it keeps, and refuses the lower limit
        with suppress(DatabaseTransientException):
            client.execute_sql("set memory_limit = '32MB'")
    finally:
        client.execute_sql(f"set memory_limit = '{memory_limit}'")
        client.execute_sql(f"set threads = {threads}")


def _setting(client: SqlClientBase[Any], name: str) -> Any:  # noqa: ANN401
    ((value,),) = client.execute_sql(f"select current_setting('{name}')") or ()
    return value


def _create(database: Path) -> None:
    """Make an empty DuckDB file at once: one that is cut short could never be opened.

    A file that someone else has made meanwhile stays. Where the disk knows no links,
    DuckDB makes the file itself.
    """
    draft = database.with_name(f"{database.name}.{os.getpid()}")
    duckdb.connect(str(draft)).close()
    with suppress(OSError):
        os.link(draft, database)
    draft.unlink()


@contextmanager
def hold_dataset(pipeline: dlt.Pipeline) -> Iterator[None]:
    """The only load into a dataset of a server, where the server can tell (Postgres).

    Raises `WarehouseInUseError` when another load has it.
    """
    with pipeline.sql_client() as client:
        if client.capabilities.sqlglot_dialect == "postgres":
            name = f"ccwarehouse:{client.dataset_name}"
            (row,) = client.execute_sql(_LOCK, name, name) or ()
            if not row[0]:
                raise WarehouseInUseError(f"another load writes to it ({row[1]}).")
        yield


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
