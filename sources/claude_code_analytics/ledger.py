"""What a warehouse holds of each day, told by the warehouse itself.

`day_fetches` says what was fetched, `_dlt_loads` which of those loads were completed,
and the tables' own rows whether they are still the ones that fetch wrote.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, NamedTuple

import dlt
from dlt.destinations.exceptions import DatabaseException, DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from whole_days.calendar import CLOCK_TOLERANCE
from whole_days.plan import StoredDay

from .contract import DATA_TABLES

# Loads are in order by their numbers: all moments are those of machines whose clocks
# may have been wrong.
_FETCHES = """
    select fetches.load_number, fetches.date, fetches.fetched_at, fetches.status,
        fetches.is_final, fetches.content_hash, fetches.records,
        fetches.model_breakdown_rows, fetches.tool_actions_rows
    from {day_fetches} as fetches
    join {loads} as loads on loads.load_id = fetches._dlt_load_id
    where loads.status = 0 and fetches.account = %s
    order by coalesce(fetches.load_number, 0), fetches.fetched_at, loads.inserted_at
"""

_LOADS = "select load_id from {loads} where status = 0"

_ROWS = """
    select date, _dlt_load_id, count(*)
    from {table}
    where account = %s
    group by date, _dlt_load_id
"""

_RECORDS = """
    select date, _dlt_load_id, count(*), organization_id
    from {table}
    where account = %s
    group by date, _dlt_load_id, organization_id
"""


class _Fetch(NamedTuple):
    """A row of the ledger whose load was completed."""

    load_number: int | None  # None: from before loads had one
    day: date
    fetched_at: datetime
    status: str
    is_final: bool
    content_hash: str | None
    records: int
    model_breakdown_rows: int
    tool_actions_rows: int


def read_stored(pipeline: dlt.Pipeline, account: str) -> dict[date, StoredDay]:
    """Every day of `account` that has a fetch in a completed load, or rows of any.

    Raises dlt's destination errors when the warehouse cannot be reached. Of a table
    that is not there nothing is stored; what the others hold counts all the same.
    """
    with pipeline.sql_client() as client:
        fetches = _fetches(client, account)
        loads = {load_id for (load_id,) in _rows(client, _LOADS, "_dlt_loads")}
        rows = [
            _rows(client, query, table, account)
            for table, query in zip(DATA_TABLES, (_RECORDS, _ROWS, _ROWS), strict=True)
        ]
    written = [_counted(of_table, loads) for of_table in rows]
    return _stored(fetches, written, _organizations(rows[0]))


def _fetches(client: SqlClientBase[Any], account: str) -> list[_Fetch]:
    """All fetches that count, by load."""
    try:
        rows = _rows(client, _FETCHES, "day_fetches", account)
    except DatabaseException as error:
        if "load_number" not in str(error):
            raise
        # the next load adds the column
        query = _FETCHES.replace("fetches.load_number", "null")
        rows = _rows(client, query, "day_fetches", account)
    return [_Fetch(*row) for row in rows]


def _rows(
    client: SqlClientBase[Any], query: str, table: str, *arguments: str
) -> Sequence[Sequence[Any]]:
    names = {
        "table": client.make_qualified_table_name(table),
        "day_fetches": client.make_qualified_table_name("day_fetches"),
        "loads": client.make_qualified_table_name("_dlt_loads"),
    }
    try:
        return client.execute_sql(query.format(**names), *arguments) or ()
    except DatabaseUndefinedRelation:
        return ()


def _counted(
    rows: Iterable[Sequence[Any]], loads: Container[str]
) -> dict[date, list[int]]:
    """Per day, how many rows there are and how many of them a completed load wrote.

    A load that was cut short leaves rows of a load that _dlt_loads does not know.
    """
    counts: dict[date, list[int]] = {}
    for day, load_id, count, *_ in rows:
        of_day = counts.setdefault(day, [0, 0])
        of_day[0] += count
        of_day[1] += count if load_id in loads else 0
    return counts


def _organizations(records: Iterable[Sequence[Any]]) -> dict[date, frozenset[str]]:
    """Per day, those that its records name."""
    found: dict[date, frozenset[str]] = {}
    for day, _, _, organization in records:
        named = frozenset([organization] if organization else [])
        found[day] = found.get(day, frozenset()) | named
    return found


def _stored(
    fetches: Sequence[_Fetch],
    written: list[dict[date, list[int]]],
    organizations: Mapping[date, frozenset[str]],
) -> dict[date, StoredDay]:
    nobody: frozenset[str] = frozenset()
    stored = {
        day: StoredDay(is_whole=False, organizations=organizations.get(day, nobody))
        for table in written
        for day in table
    }
    since = _earliest_since(fetches)
    for fetch in fetches:
        number = fetch.load_number or 0
        before = stored.get(fetch.day, StoredDay())
        if fetch.status == "failed":
            stored[fetch.day] = replace(before, failed_last=True, load_number=number)
            continue
        rows = fetch.records, fetch.model_breakdown_rows, fetch.tool_actions_rows
        counts = [table.get(fetch.day, [0, 0]) for table in written]
        was_past = fetch.fetched_at - CLOCK_TOLERANCE <= since[number]
        stored[fetch.day] = StoredDay(
            content_hash=fetch.content_hash,
            records=fetch.records,
            is_final=fetch.is_final and was_past,
            is_whole=counts == [[count, count] for count in rows],
            fetched_at=fetch.fetched_at,
            load_number=number,
            organizations=organizations.get(fetch.day, nobody),
        )
    return stored


def _earliest_since(fetches: Sequence[_Fetch]) -> dict[int, datetime]:
    """For each load's number, the earliest moment that any load after it noted.

    A fetch that claims a later one was made by a clock that was ahead.
    """
    earliest = datetime.max.replace(tzinfo=UTC)
    since: dict[int, datetime] = {}
    for number, group in groupby(reversed(fetches), lambda row: row.load_number or 0):
        since[number] = earliest
        earliest = min(earliest, *(fetch.fetched_at for fetch in group))
    return since
