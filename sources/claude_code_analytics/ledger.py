"""What a warehouse holds of each day, told by the warehouse itself.

`day_fetches` says what was fetched, `_dlt_loads` which of those loads were completed,
and the tables' own rows whether they are still the ones that fetch wrote.
"""

from collections.abc import Sequence
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

# A load that was cut short leaves rows of a load that _dlt_loads does not know.
_ROWS = """
    select stored.date, count(*), count(loads.load_id)
    from {table} as stored
    left join {loads} as loads
        on loads.load_id = stored._dlt_load_id and loads.status = 0
    where stored.account = %s
    group by stored.date
"""


def read_stored(pipeline: dlt.Pipeline, account: str) -> dict[date, StoredDay]:
    """Every day of `account` that has a fetch in a completed load, or rows of any.

    Raises dlt's destination errors when the warehouse cannot be reached; tables that
    are not there yet mean that nothing is stored.
    """
    with pipeline.sql_client() as client:
        try:
            fetches = _rows(client, _FETCHES, "day_fetches", account)
            written = [
                {row[0]: row[1:] for row in _rows(client, _ROWS, table, account)}
                for table in DATA_TABLES
            ]
        except DatabaseUndefinedRelation:
            return {}
    return _stored(fetches, written)


def _rows(
    client: SqlClientBase[Any], query: str, table: str, account: str
) -> Sequence[Sequence[Any]]:
    names = {
        "table": client.make_qualified_table_name(table),
        "day_fetches": client.make_qualified_table_name("day_fetches"),
        "loads": client.make_qualified_table_name("_dlt_loads"),
    }
    return client.execute_sql(query.format(**names), account) or ()


def _stored(
    fetches: Sequence[Sequence[Any]], written: list[dict[date, Sequence[int]]]
) -> dict[date, StoredDay]:
    stored = {day: StoredDay(is_whole=False) for table in written for day in table}
    for day, status, is_final, content_hash, *rows in fetches:
        before = stored.get(day, StoredDay())
        if status == "failed":
            stored[day] = replace(before, failed_last=True)
        else:
            counts = [list(table.get(day, (0, 0))) for table in written]
            stored[day] = StoredDay(
                content_hash=content_hash,
                records=rows[0],
                is_final=is_final,
                is_whole=counts == [[count, count] for count in rows],
            )
    return stored
