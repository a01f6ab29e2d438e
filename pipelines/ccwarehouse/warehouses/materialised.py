"""Marts that are stored as tables: a load replaces their rows with the day.

The table lies in the dataset of the raw tables, and the mart's view reads it. Its rows
of a package's days are replaced before the package is committed. A load that is killed
before the commit leaves a day whose raw rows are not whole: the next load writes this
day again, and with it the stored marts.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import RAW, Model, materialised, render_flat

from .engines import dialect_of
from .other import Client
from .stored_names import NOTES, as_stored, table_name

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
    creation = f"create table if not exists {path} as {_query(client, view, where)}"
    atomic = client.capabilities.supports_ddl_transactions
    with client.begin_transaction() if atomic else nullcontext():
        client.execute_many([*dialect_of(client).before_storing, creation])


def _replacement(client: Client, view: Model, where: str = "1 = 1") -> list[str]:
    """The statements that replace the rows of some days, or all."""
    path = client.make_qualified_table_name(table_name(view))
    columns = ", ".join(map(client.escape_column_name, view.columns))
    return [
        *dialect_of(client).before_storing,
        f"delete from {path} where {where}",
        f"insert into {path} ({columns}) {_query(client, view, where)}",
    ]


def _query(client: Client, view: Model, where: str | None) -> str:
    dialect = str(client.capabilities.sqlglot_dialect)
    raw = client.fully_qualified_dataset_name()
    stored = tuple(as_stored(other) for other in materialised())
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
