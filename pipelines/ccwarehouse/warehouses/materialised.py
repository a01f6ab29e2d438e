"""Marts that are stored as tables: a load replaces their rows with the day.

The table lies in the dataset of the raw tables, and the mart's view reads it. Its rows
of a package's days are replaced before the package is committed. A load that is killed
before the commit leaves a day whose raw rows are not whole: the next load writes this
day again, and with it the stored marts. A table that is not there is filled when the
views are built, so the first load of a dataset stores its marts once, at its end.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import date
from typing import Any, Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import RAW, Model, materialised, render_flat
from whole_days.calendar import ONE_DAY, each_day, spans

from .engines import dialect_of
from .other import Client
from .stored_names import NOTES, as_stored, table_name

# Stands for the condition on the days in a query that is rendered once.
CONDITION: Final = "condition_on_days"

USAGE: Final = "usage_report"  # the raw table of the records

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


# Settings while days of at most so many records are stored.
Storing = Callable[[Client, int], AbstractContextManager[None]]


def replacing(
    account: str, days: Mapping[date, int], storing: Storing
) -> Callable[[Client], None]:
    """What is done before a package is committed.

    `days` are those that the package writes, with their numbers of records. A table
    that is not there yet is filled when the views are built: in a new dataset, in one
    of an earlier version, and if somebody has dropped it.
    """

    def replace(client: Client) -> None:
        made = _tables_made(client)
        if not made:  # as in a new dataset: to render the queries takes half a second
            return
        conditions = _conditions(client, account, days)
        with storing(client, max(days.values())):
            for view in materialised():
                if table_name(view) not in made:
                    continue
                with suppress(DatabaseUndefinedRelation), transaction_of_ddl(client):
                    client.execute_many(_replacement(client, view, conditions))

    return replace


def replacements(client: Client, account: str, days: Mapping[date, int]) -> list[str]:
    """The statements that replace the rows of some days, for work of one transaction.

    `days` are as in `replacing`. They concern the tables that are there.
    """
    made = _tables_made(client)
    return [
        statement
        for view in materialised()
        if table_name(view) in made and is_there(client, table_name(view))
        for statement in _replacement(client, view, _conditions(client, account, days))
    ]


def _conditions(client: Client, account: str, days: Mapping[date, int]) -> list[str]:
    return [
        f"account = '{account}' and {_between(*span)}"
        for span in spans_of(days, dialect_of(client).records_stored_at_once)
    ]


def missing_tables(client: Client) -> list[Model]:
    """The stored marts whose table is not there yet."""
    return [view for view in materialised() if not is_there(client, table_name(view))]


def fill_tables(client: Client, views: Sequence[Model], storing: Storing) -> None:
    """Make the tables of stored marts that are missing, and fill those given anew."""
    records = _records_of_days(client)
    conditions = _whole_dataset(records, dialect_of(client).records_stored_at_once)
    missing = missing_tables(client)
    with storing(client, max(records.values(), default=0)):
        for view in views:
            if view in missing:
                _note(client, view)
                with transaction_of_ddl(client):
                    client.execute_many(_creation(client, view, conditions))
            else:
                with transaction_of_ddl(client):
                    client.execute_many(_replacement(client, view, conditions))


def spans_of(
    days: Mapping[date, int], records_at_once: int | None
) -> list[tuple[date, date]]:
    """The days in ranges that hold at most so many records each, or one day.

    A range has no other day in it than those given. Without a limit, ranges are as long
    as they can be.
    """
    if records_at_once is None:
        return spans(sorted(days))
    found: list[tuple[date, date]] = []
    room = 0
    for day, records in sorted(days.items()):
        follows = found and found[-1][1] == day - ONE_DAY
        room -= records
        if follows and room >= 0:
            found[-1] = (found[-1][0], day)
        else:
            found.append((day, day))
            room = records_at_once - records
    return found


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


def _creation(client: Client, view: Model, conditions: Sequence[str]) -> list[str]:
    """The statements that make a table with the rows of some conditions."""
    first, *others = conditions
    path = client.make_qualified_table_name(table_name(view))
    return [
        *dialect_of(client).before_storing,
        f"create table {path} as {_query(client, view, first)}",
        *(_insertion(client, view, where) for where in others),
    ]


def _replacement(client: Client, view: Model, conditions: Sequence[str]) -> list[str]:
    """The statements that replace the rows of some conditions."""
    path = client.make_qualified_table_name(table_name(view))
    return [
        *dialect_of(client).before_storing,
        f"delete from {path} where {' or '.join(conditions)}",
        *(_insertion(client, view, where) for where in conditions),
    ]


def _insertion(client: Client, view: Model, where: str) -> str:
    path = client.make_qualified_table_name(table_name(view))
    columns = ", ".join(map(client.escape_column_name, view.columns))
    return f"insert into {path} ({columns}) {_query(client, view, where)}"


def _records_of_days(client: Client) -> dict[date, int]:
    usage = client.make_qualified_table_name(USAGE)
    counted = client.execute_sql(f"select date, count(*) from {usage} group by date")
    rows: Iterable[tuple[date, int]] = (tuple(row) for row in counted or ())
    return dict(rows)


def _whole_dataset(records: Mapping[date, int], at_once: int | None) -> list[str]:
    """Conditions of which each row meets one, in parts that the engine can hold."""
    if not records or at_once is None:
        return ["1 = 1"]
    every_day = dict.fromkeys(each_day(min(records), max(records)), 0)
    parts = spans_of({**every_day, **records}, at_once)
    # An entry that lost its record may be of another day.
    firsts = [date.min, *(first for first, _ in parts[1:])]
    lasts = [*(last for _, last in parts[:-1]), date.max]
    return [_between(*span) for span in zip(firsts, lasts, strict=True)]


def _between(first: date, last: date) -> str:
    return f"date between date '{first}' and date '{last}'"


def _query(client: Client, view: Model, where: str) -> str:
    dialect = str(client.capabilities.sqlglot_dialect)
    raw = client.fully_qualified_dataset_name()
    stored = tuple(as_stored(other) for other in materialised())
    query = render_flat(view, dialect, raw=raw, where=CONDITION, instead=stored)
    return query.replace(CONDITION, f"({where})")


def is_there(client: Client, table: str) -> bool:
    """Whether the dataset has the table."""
    path = client.make_qualified_table_name(table)
    try:
        client.execute_sql(f"select 1 from {path} where 1 = 0")
    except DatabaseUndefinedRelation:
        return False
    return True


def transaction_of_ddl(client: Client) -> AbstractContextManager[Any]:
    """A transaction where the warehouse has one, also for DDL, else nothing.

    dlt's `supports_transactions` is not set for DuckDB and Postgres.
    """
    has_some = client.capabilities.supports_ddl_transactions
    return client.begin_transaction() if has_some else nullcontext()
