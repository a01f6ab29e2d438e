"""What a warehouse holds of each day, told by the warehouse itself.

`day_fetches` says what was fetched, `_dlt_loads` which of those loads were completed,
and the tables' own rows whether they are still the ones that fetch wrote.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import dlt
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from .contract import DATA_TABLES
from .days import StoredDay

_FETCHES = """
    select fetches.date, fetches.status, fetches.is_final, fetches.content_hash,
        fetches.records, fetches.model_breakdown_rows, fetches.tool_actions_rows
    from {day_fetches} as fetches
    join {loads} as loads on loads.load_id = fetches._dlt_load_id
    where loads.status = 0 and fetches.account = %s
    order by fetches.fetched_at, loads.inserted_at
"""

_LOADS = "select load_id from {loads} where status = 0"

_ROWS = """
    select date, _dlt_load_id, count(*)
    from {table}
    where account = %s
    group by date, _dlt_load_id
"""


def read_stored(pipeline: dlt.Pipeline, account: str) -> dict[date, StoredDay]:
    """Every day of `account` that has a fetch in a completed load, or rows of any.

    Raises dlt's destination errors when the warehouse cannot be reached. Of a table
    that is not there nothing is stored; what the others hold counts all the same.
    """
    with pipeline.sql_client() as client:
        fetches = _rows(client, _FETCHES, "day_fetches", account)
        loads = {load_id for (load_id,) in _rows(client, _LOADS, "_dlt_loads")}
        written = [
            _counted(_rows(client, _ROWS, table, account), loads)
            for table in DATA_TABLES
        ]
    return _stored(fetches, written)


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
    for day, load_id, count in rows:
        of_day = counts.setdefault(day, [0, 0])
        of_day[0] += count
        of_day[1] += count if load_id in loads else 0
    return counts


def _stored(
    fetches: Sequence[Sequence[Any]], written: list[dict[date, list[int]]]
) -> dict[date, StoredDay]:
    stored = {day: StoredDay(is_whole=False) for table in written for day in table}
    for day, status, is_final, content_hash, *rows in fetches:
        before = stored.get(day, StoredDay())
        if status == "failed":
            stored[day] = replace(before, failed_last=True)
        else:
            counts = [table.get(day, [0, 0]) for table in written]
            stored[day] = StoredDay(
                content_hash=content_hash,
                records=rows[0],
                is_final=is_final,
                is_whole=counts == [[count, count] for count in rows],
            )
    return stored
