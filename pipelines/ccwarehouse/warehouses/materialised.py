"""Marts that are stored as tables: a load replaces their rows with the day.

The table lies in the dataset of the raw tables, and the mart's view reads it. Its rows
of a package's days are replaced before the package is committed. A load that is killed
before the commit leaves a day whose raw rows are not whole: the next load writes this
day again, and with it the stored marts.

A table's name ends with a hash of the SQL it follows from. So a new version of a mart
has a new table, filled when the views are built. The old one is dropped when no view
reads it.
"""

import dataclasses
import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from functools import cache
from itertools import takewhile
from typing import Any, Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import RAW, Model, definition, materialised, render_flat

from .other import Client

DIGITS: Final = 8  # of the hash, hexadecimal
NOTES: Final = "stored_marts"  # has a row per table ever made
STORED_CHECK: Final = """\
-- Claim: the stored rows of {name} are those of its query.
with

asked as (

    {query}

),

stored as (

    select {columns} from {table}

),

different as (

    (select * from asked except select * from stored)

    union all

    (select * from stored except select * from asked)

)

select * from different
"""
NOTED: Final = """
    create table if not exists {notes} as
    select name from (select '' as name) as noted where 1 = 0
"""


@cache
def table_name(view: Model) -> str:
    """The table with the rows of a stored mart."""
    digest = hashlib.sha256(definition(view).encode()).hexdigest()
    return f"stored_{view.name}_{digest[:DIGITS]}"


def as_stored(view: Model) -> Model:
    """The view over the table of a stored mart; other views stay as they are."""
    if not view.is_materialised:
        return view
    head = takewhile(lambda line: line.startswith("--"), view.sql.splitlines())
    columns = ", ".join(view.columns)
    query = f"select {columns} from {RAW}.{table_name(view)}"
    return dataclasses.replace(view, sql="\n".join([*head, query]))


def stored_checks() -> list[Model]:
    """The checks that each stored mart holds what its query gives."""
    return [
        Model(
            f"checks/{view.name}_is_stored.sql",
            STORED_CHECK.format(
                name=view.name,
                query=render_flat(view, "duckdb", raw=RAW),
                columns=", ".join(view.columns),
                table=f"{RAW}.{table_name(view)}",
            ),
        )
        for view in materialised()
    ]


def stored_descriptions() -> list[tuple[str, str, dict[str, str]]]:
    """Name, description and columns of each table that is kept for stored marts."""
    of_notes = {"name": "Name of the table."}
    return [
        (NOTES, "One row per table that was made for a stored mart.", of_notes),
        *(
            (table_name(view), view.description, view.columns)
            for view in materialised()
        ),
    ]


def replacing(where: str, *, is_first: bool) -> Callable[[Client], None]:
    """What is done before a package is committed.

    `where` is the condition on the rows of the days that the package writes. The first
    package of an account makes the tables. Tables that are not there are filled when
    the views are built: in a dataset of an earlier version, and if somebody has dropped
    one. A report without raw tables of usage has nothing to store.
    """

    def replace(client: Client) -> None:
        for view in materialised():
            with suppress(DatabaseUndefinedRelation):
                if is_first:
                    _make(client, view, "1 = 0")
                with _transaction(client):
                    client.execute_many(_replacement(client, view, where))

    return replace


def fill_tables(client: Client, *, everything: bool = False) -> None:
    """Fill the tables that are not there yet; with `everything` all of them anew."""
    for view in materialised():
        if not _is_there(client, table_name(view)):
            _make(client, view)
        elif everything:
            with _transaction(client):
                client.execute_many(_replacement(client, view))


def drop_old_tables(client: Client) -> None:
    """Drop the tables of older queries, which no view reads any more."""
    if not materialised():
        return
    notes = client.make_qualified_table_name(NOTES)
    current = {table_name(view) for view in materialised()}
    for (name,) in client.execute_sql(f"select distinct name from {notes}") or ():
        if name not in current:
            path = client.make_qualified_table_name(name)
            client.execute_sql(f"drop table if exists {path}")
            client.execute_sql(f"delete from {notes} where name = %s", name)


def _make(client: Client, view: Model, where: str | None = None) -> None:
    """Noted first: so a table that is there is always noted."""
    notes = client.make_qualified_table_name(NOTES)
    client.execute_sql(NOTED.format(notes=notes))
    client.execute_sql(f"insert into {notes} (name) values (%s)", table_name(view))
    path = client.make_qualified_table_name(table_name(view))
    client.execute_sql(
        f"create table if not exists {path} as {_query(client, view, where)}"
    )


def _replacement(client: Client, view: Model, where: str = "1 = 1") -> list[str]:
    """The statements that replace the rows of some days, or all."""
    path = client.make_qualified_table_name(table_name(view))
    columns = ", ".join(map(client.escape_column_name, view.columns))
    return [
        f"delete from {path} where {where}",
        f"insert into {path} ({columns}) {_query(client, view, where)}",
    ]


def _query(client: Client, view: Model, where: str | None) -> str:
    dialect = str(client.capabilities.sqlglot_dialect)
    raw = client.fully_qualified_dataset_name()
    stored = [as_stored(other) for other in materialised()]
    return render_flat(view, dialect, raw=raw, where=where, instead=stored)


def _is_there(client: Client, table: str) -> bool:
    path = client.make_qualified_table_name(table)
    try:
        client.execute_sql(f"select 1 from {path} where 1 = 0")
    except DatabaseUndefinedRelation:
        return False
    return True


def _transaction(client: Client) -> AbstractContextManager[Any]:
    has_some = client.capabilities.supports_transactions
    return client.begin_transaction() if has_some else nullcontext()
