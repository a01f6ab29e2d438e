"""The stored state of each day, read from the warehouse itself.

`day_fetches` records the fetches, and `_dlt_loads` which loads were committed. The rows
of the tables show whether they are still the ones that the fetch wrote.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any, NamedTuple

import dlt
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.destinations.sql_client import SqlClientBase

from .calendar import CLOCK_TOLERANCE
from .ledger_tables import DAY_FETCHES, ROW_COUNTS
from .plan import StoredDay
from .report import Report
from .table import Table

Client = SqlClientBase[Any]

# Loads are ordered by number, because a time may come from a wrong clock.
_FETCHES = """
    select fetches.load_number, fetches.date, fetches.fetched_at, fetches.status,
        fetches.is_final, fetches.content_hash, fetches.records, fetches._dlt_load_id
    from {table} as fetches
    join {loads} as loads on loads.load_id = fetches._dlt_load_id
    where loads.status = 0 and fetches.report = %s and fetches.account = %s
    order by fetches.load_number, fetches.fetched_at, loads.inserted_at
"""

_COUNTS = """
    select _dlt_load_id, date, table_name, row_count
    from {table}
    where report = %s and account = %s
"""

_LOADS = "select load_id from {loads} where status = 0"

_ROWS = """
    select date, _dlt_load_id, count(*){owner}
    from {table}
    where account = %s
    group by date, _dlt_load_id{owner}
"""

_OWNERS = "select distinct account, {owner} from {table}"
_ACCOUNTS = "select distinct account from {table} where report = %s"

NOBODY: frozenset[str] = frozenset()


class _Fetch(NamedTuple):
    """A row of the ledger from a committed load."""

    load_number: int
    day: date
    fetched_at: datetime
    status: str
    is_final: bool
    content_hash: str | None
    records: int
    load_id: str


class _Written(NamedTuple):
    """How many rows a table has of one day, and how many of them are committed.

    An interrupted load may leave rows. Its id is not in `_dlt_loads`.
    """

    rows: int = 0
    committed: int = 0


Rows = Mapping[str, Mapping[date, _Written]]  # of each table
Counts = Mapping[tuple[str, date], Mapping[str, int]]  # of each load and day, by table


def read_stored(
    pipeline: dlt.Pipeline, report: Report[Any], account: str
) -> dict[date, StoredDay]:
    """Every day of `account` that has a committed fetch, or rows of any load.

    A missing table counts as empty. Raises dlt's destination errors if the warehouse
    cannot be reached.
    """
    with pipeline.sql_client() as client:
        of_account = report.name, account
        found = _rows(client, _FETCHES, DAY_FETCHES.name, *of_account)
        counted = _rows(client, _COUNTS, ROW_COUNTS.name, *of_account)
        loads = {load_id for (load_id,) in _rows(client, _LOADS, "_dlt_loads")}
        rows = {
            table.name: _rows(client, _query(report, table), table.name, account)
            for table in report.tables
        }
    fetches = [_Fetch(*row) for row in found]
    written = {table: _counted(of_table, loads) for table, of_table in rows.items()}
    owners = _organizations(rows[report.tables[0].name]) if report.owner else {}
    return _stored(fetches, _noted(counted), written, owners)


def read_accounts(pipeline: dlt.Pipeline, report: Report[Any]) -> list[str]:
    """The accounts that have a fetch of the report, committed or not, in order."""
    with pipeline.sql_client() as client:
        found = _rows(client, _ACCOUNTS, DAY_FETCHES.name, report.name)
    return sorted(account for (account,) in found)


def read_owners(pipeline: dlt.Pipeline, report: Report[Any]) -> dict[str, set[str]]:
    """The accounts that hold records of each organisation."""
    if report.owner is None:
        return {}
    query = _OWNERS.replace("{owner}", report.owner)
    with pipeline.sql_client() as client:
        found = _rows(client, query, report.tables[0].name)
    owners: dict[str, set[str]] = {}
    for account, organization in found:
        if organization:
            owners.setdefault(organization, set()).add(account)
    return owners


def _query(report: Report[Any], table: Table) -> str:
    """The query that counts a table's rows; for the first table also by owner."""
    tells = report.owner and table is report.tables[0]
    return _ROWS.replace("{owner}", f", {report.owner}" if tells else "")


def _rows(
    client: Client, query: str, table: str, *arguments: str
) -> Sequence[Sequence[Any]]:
    names = {
        "table": client.make_qualified_table_name(table),
        "loads": client.make_qualified_table_name("_dlt_loads"),
    }
    try:
        return client.execute_sql(query.format(**names), *arguments) or ()
    except DatabaseUndefinedRelation:
        return ()


def _noted(rows: Iterable[Sequence[Any]]) -> Counts:
    """How many rows of a day each load wrote, by table."""
    noted: dict[tuple[str, date], dict[str, int]] = {}
    for load_id, day, table, count in rows:
        noted.setdefault((load_id, day), {})[table] = count
    return noted


def _counted(
    rows: Iterable[Sequence[Any]], loads: Container[str]
) -> dict[date, _Written]:
    """How many rows each day has, and how many of them are committed."""
    counts: dict[date, _Written] = {}
    for day, load_id, count, *_ in rows:
        before = counts.get(day, _Written())
        committed = count if load_id in loads else 0
        counts[day] = _Written(before.rows + count, before.committed + committed)
    return counts


def _organizations(records: Iterable[Sequence[Any]]) -> dict[date, frozenset[str]]:
    """The organisations in the records of each day."""
    found: dict[date, frozenset[str]] = {}
    for day, _, _, organization in records:
        named = frozenset([organization] if organization else [])
        found[day] = found.get(day, NOBODY) | named
    return found


def _stored(
    fetches: Sequence[_Fetch],
    counts: Counts,
    written: Rows,
    organizations: Mapping[date, frozenset[str]],
) -> dict[date, StoredDay]:
    stored = {
        day: StoredDay(is_whole=False, organizations=organizations.get(day, NOBODY))
        for table in written.values()
        for day in table
    }
    since = _earliest_since(fetches)
    for fetch in fetches:
        if fetch.status == "failed":
            before = stored.get(fetch.day, StoredDay())
            stored[fetch.day] = replace(
                before, failed_last=True, load_number=fetch.load_number
            )
            continue
        was_past = fetch.fetched_at - CLOCK_TOLERANCE <= since[fetch.load_number]
        stored[fetch.day] = StoredDay(
            content_hash=fetch.content_hash,
            records=fetch.records,
            is_final=fetch.is_final and was_past,
            is_whole=_is_whole(fetch, counts, written),
            fetched_at=fetch.fetched_at,
            load_number=fetch.load_number,
            load_id=fetch.load_id,
            organizations=organizations.get(fetch.day, NOBODY),
        )
    return stored


def _is_whole(fetch: _Fetch, counts: Counts, written: Rows) -> bool:
    """Whether every table has the rows that the fetch counted, all committed."""
    noted = counts.get((fetch.load_id, fetch.day), {})
    return noted.keys() == written.keys() and all(
        written[table].get(fetch.day, _Written()) == (count, count)
        for table, count in noted.items()
    )


def _earliest_since(fetches: Sequence[_Fetch]) -> dict[int, datetime]:
    """For each load number, the earliest time that any later load recorded.

    If a fetch has a later time than that, its clock was ahead.
    """
    earliest = datetime.max.replace(tzinfo=UTC)
    since: dict[int, datetime] = {}
    for number, group in groupby(reversed(fetches), lambda row: row.load_number):
        since[number] = earliest
        earliest = min(earliest, *(fetch.fetched_at for fetch in group))
    return since
