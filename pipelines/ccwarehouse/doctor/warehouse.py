"""The warehouse: can it be reached and written, and do the views build?"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from claude_code_analytics import CLAUDE_CODE

from ..problems import explain
from ..warehouses import NothingLoadedError, Warehouse, engine_of, open_warehouse
from .finding import Finding, ok, problem, skipped
from .organisation import Whose

SCRATCH = "_ccwarehouse_doctor"


def examine_warehouse(
    destination: str, database: Path, dataset: str, whose: Whose
) -> Iterator[Finding]:
    """Write something, remove it, build the views, and see whose data there is.

    A DuckDB file that is not there is not made: then its folder is tried. One that is
    there is held meanwhile, so that no load can be in the middle of its work.
    """
    engine = engine_of(destination, database)
    check = "warehouse"
    try:
        with open_warehouse(destination, database, dataset) as warehouse:
            if not engine.exists():
                engine.try_folder()
                text = "is not there yet, and its folder can be written"
                yield ok(check, f"{engine.place} {text}")
                yield skipped("views", "nothing is loaded yet")
                yield whose.examine({})
                return
            with warehouse.client() as client:
                write_and_remove(client)
            yield ok(check, f"{engine.place} can be written")
            check = "views"
            yield _views(warehouse)
            check = "organisation"
            yield whose.examine(warehouse.stored(CLAUDE_CODE, whose.account))
    except Exception as error:
        mend = explain(error, engine.place)
        if mend is None:
            raise
        yield problem(check, mend.code, mend.line)
        if check == "warehouse":
            yield skipped("views", "the warehouse cannot be written")
        if check != "organisation":
            yield whose.examine({})


def write_and_remove(client: SqlClientBase[Any]) -> None:
    """Make a table with a row in the dataset and remove it; the dataset too if new."""
    is_new = not client.has_dataset()
    table = client.make_qualified_table_name(SCRATCH)
    if is_new:
        client.create_dataset()
    try:
        client.execute_sql(f"create table if not exists {table} (id bigint)")
        client.execute_sql(f"insert into {table} values (1)")
    finally:
        client.execute_sql(f"drop table if exists {table}")
        if is_new:  # without cascade: what a load has put there meanwhile stays
            client.execute_sql(f"drop schema {client.fully_qualified_dataset_name()}")


def _views(warehouse: Warehouse) -> Finding:
    try:
        names = warehouse.build_views()
    except NothingLoadedError as nothing:
        return skipped("views", str(nothing))
    return ok("views", f"{len(names)} build in {warehouse.marts}")
