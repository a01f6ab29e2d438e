"""Marts that are stored as tables: each load replaces the rows that it changes.

The table lies in the dataset of the raw tables, and the mart's view reads it. The rows
that depend on a package are replaced in the transaction that commits it. Where the
warehouse has no such transaction, they are replaced before the commit. A load that is
killed before the commit leaves days that count as not fetched: the next load fetches
and stores them again. A table that is not there is filled when the views are built, so
the first load of a dataset stores its marts once, at its end.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import date
from typing import Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import Model, lineage, materialised

from ..reports import RECORDS
from .dlt_commit import Work
from .engines import dialect_of
from .other import Client
from .replaced_rows import IN_PARTS, Changes, Rows, all_rows
from .statements import are_there, is_there, transaction_of_ddl
from .stored_names import NOTES, table_name
from .stored_queries import query_of

NOTED: Final = """
    create table if not exists {notes} as
    select name from (select '' as name) as noted where 1 = 0
"""


# Makes settings that hold while marts are stored. It is given the client and the number
# of records of the largest day.
Storing = Callable[[Client, int], AbstractContextManager[None]]


def replacing(changes: Changes, storing: Storing) -> Work:
    """What is done around the commit of a package that changes something.

    A table that is not there yet is filled when the views are built: in a new dataset,
    in one of an earlier version, and if somebody has dropped it.
    """

    @contextmanager
    def replaced(client: Client, load_id: str) -> Iterator[None]:
        touched = _touched(client, changes)
        with storing(client, changes.largest_day), transaction_of_ddl(client):
            for view, rows in touched:
                client.execute_many(_replacement(client, view, rows, load_id))
            yield

    return replaced


def replacements(client: Client, changes: Changes) -> list[str]:
    """The statements that replace what follows from changes, for one transaction."""
    return [
        statement
        for view, rows in _touched(client, changes)
        for statement in _replacement(client, view, rows)
    ]


def _touched(client: Client, changes: Changes) -> list[tuple[Model, list[Rows]]]:
    """The marts with rows to replace, each with these rows."""
    # A table's name follows from all SQL of its mart. Working the names out takes
    # time, so a dataset without stored marts skips it.
    views = _there(client) if _tables_made(client) else []
    at_once = dialect_of(client).records_stored_at_once
    found = [(view, changes.rows(view, at_once)) for view in views]
    is_in_parts = at_once is not None and any(
        rows is None and view.kind in IN_PARTS for view, rows in found
    )
    records = _records_of_days(client) if is_in_parts else {}
    return [
        (view, all_rows(view, records, at_once) if rows is None else rows)
        for view, rows in found
        if rows != []
    ]


def unfilled(client: Client) -> list[Model]:
    """The stored marts whose table is not there, and those that read one of these.

    A load leaves the tables of the latter as they are.
    """
    there = _there(client)
    return [view for view in materialised() if view not in there]


def fill_tables(client: Client, views: Sequence[Model], storing: Storing) -> None:
    """Make the tables of stored marts that are missing, and fill those given anew."""
    records = _records_of_days(client)
    at_once = dialect_of(client).records_stored_at_once
    with storing(client, max(records.values(), default=0)):
        for view in views:
            rows = all_rows(view, records, at_once)
            if not is_there(client, table_name(view)):
                _note(client, view)
                with transaction_of_ddl(client):
                    client.execute_many(_creation(client, view, rows))
            else:
                with transaction_of_ddl(client):
                    client.execute_many(_replacement(client, view, rows))


def drop_old_tables(client: Client) -> None:
    """Drop the tables of older queries, which no view reads any more."""
    if not materialised():
        return
    notes = client.make_qualified_table_name(NOTES)
    current = {table_name(view) for view in materialised()}
    for name in _tables_made(client):
        if name not in current:
            path = client.make_qualified_table_name(name)
            client.execute_sql(f"drop table if exists {path}")
            client.execute_sql(f"delete from {notes} where name = %s", name)


def _tables_made(client: Client) -> set[str]:
    """The tables that were ever made; somebody may have dropped one since."""
    notes = client.make_qualified_table_name(NOTES)
    try:
        found = client.execute_sql(f"select distinct name from {notes}")
    except DatabaseUndefinedRelation:
        return set()
    return {name for (name,) in found or ()}


def _note(client: Client, view: Model) -> None:
    """Note the table before it is made, so that each table there is is noted."""
    notes = client.make_qualified_table_name(NOTES)
    client.execute_sql(NOTED.format(notes=notes))
    client.execute_sql(f"insert into {notes} (name) values (%s)", table_name(view))


def _creation(client: Client, view: Model, parts: Sequence[Rows]) -> list[str]:
    """The statements that make a table with some rows."""
    first, *others = parts
    path = client.make_qualified_table_name(table_name(view))
    return [
        *dialect_of(client).before_storing,
        f"create table {path} as {_in_order(client, view, first)}",
        *(_insertion(client, view, rows) for rows in others),
    ]


def _replacement(
    client: Client, view: Model, parts: Sequence[Rows], load_id: str | None = None
) -> list[str]:
    """The statements that replace some rows, as after the commit of a load."""
    path = client.make_qualified_table_name(table_name(view))
    return [
        *dialect_of(client).before_storing,
        f"delete from {path} where {' or '.join(rows.replaced for rows in parts)}",
        *(_insertion(client, view, rows, load_id) for rows in parts),
    ]


def _insertion(
    client: Client, view: Model, rows: Rows, load_id: str | None = None
) -> str:
    path = client.make_qualified_table_name(table_name(view))
    columns = ", ".join(map(client.escape_column_name, view.columns))
    return f"insert into {path} ({columns}) {_in_order(client, view, rows, load_id)}"


def _in_order(
    client: Client, view: Model, rows: Rows, load_id: str | None = None
) -> str:
    query = query_of(client, view, rows, load_id)
    time = next((name for name in ("date", "month") if name in view.columns), None)
    if not time or not dialect_of(client).stores_in_order:
        return query
    return f"select * from ({query}) as unordered order by {time}"


def _records_of_days(client: Client) -> dict[date, int]:
    usage = client.make_qualified_table_name(RECORDS)
    counted = client.execute_sql(f"select date, count(*) from {usage} group by date")
    rows: Iterable[tuple[date, int]] = (tuple(row) for row in counted or ())
    return dict(rows)


def _there(client: Client) -> list[Model]:
    """The stored marts whose table is there, and the tables of all that they read."""
    if are_there(client, map(table_name, materialised())):  # mostly
        return [*materialised()]
    missing = {
        view.name for view in materialised() if not is_there(client, table_name(view))
    }
    return [
        view for view in materialised() if not missing & {view.name, *lineage(view)}
    ]
