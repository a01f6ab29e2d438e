"""The warehouse: can it be reached and written, and do the views build?"""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from ..destinations import Warehouse, open_warehouse
from ..problems import explain
from ..views import NothingLoadedError
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
    is_duckdb = destination == "duckdb"
    is_file = is_duckdb and database.exists()
    check = "warehouse"
    try:
        with open_warehouse(
            destination, database, dataset, sole_writer=is_file
        ) as warehouse:
            if is_duckdb and not is_file:
                yield _folder(database)
                yield skipped("views", "nothing is loaded yet")
                yield whose.examine({})
                return
            with warehouse.client() as client:
                write_and_remove(client)
            yield ok(check, f"{database if is_file else destination} can be written")
            check = "views"
            yield _views(warehouse)
            check = "organisation"
            yield whose.examine(warehouse.stored(whose.account))
    except Exception as error:
        mend = explain(error, str(database) if is_duckdb else destination)
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


def _folder(database: Path) -> Finding:
    try:
        with TemporaryFile(dir=database.parent) as file:
            file.write(b"ccwarehouse")
    except OSError as error:  # which need not name the folder
        raise OSError(error.errno, error.strerror, str(database.parent)) from None
    text = f"{database} is not there yet, and its folder can be written"
    return ok("warehouse", text)


def _views(warehouse: Warehouse) -> Finding:
    try:
        names = warehouse.build_views()
    except NothingLoadedError as nothing:
        return skipped("views", str(nothing))
    return ok("views", f"{len(names)} build in {warehouse.marts}")
