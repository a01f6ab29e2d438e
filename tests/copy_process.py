"""A copy without views in its own process, which kills itself before a statement.

It reads its order, one JSON object, from stdin: the options of `copy`, and which of the
statements that write to the target it must not reach.
"""

import atexit
import json
import os
import signal
import sys
from contextlib import contextmanager

from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient
from dlt.destinations.impl.postgres.sql_client import Psycopg2SqlClient

from ccwarehouse.cli import main
from ccwarehouse.warehouses import Warehouse, copying

CLIENTS = {"duckdb": DuckDbSqlClient, "postgres": Psycopg2SqlClient}
NO_CHANGE = ("select", "with", "set", "declare", "fetch")


def kill_before(client, number):
    """From the target's first statement on, count what writes."""
    execute, told = client.execute_query, []

    @contextmanager
    def counted(self, query, *values, **named):
        is_change = not query.lstrip().lower().startswith(NO_CHANGE)
        told.extend([query] if is_change else [])
        if len(told) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        with execute(self, query, *values, **named) as cursor:
            yield cursor

    atexit.register(lambda: print(len(told), file=sys.stderr))  # noqa: T201
    make_ready = copying._make_ready

    def begun(*given):
        client.execute_query = counted
        make_ready(*given)

    copying._make_ready = begun


if __name__ == "__main__":
    order = json.loads(sys.stdin.readline())
    Warehouse.fill_views = lambda _: []
    kill_before(CLIENTS[order["to"]], order["kill"])
    main(["copy", "--json", *order["words"]])
