"""Rewrite stored days for other privacy settings: rows, ledger and stored marts.

Rows that stay the same are not touched: rewriting a day a second time writes nothing.
The days of a portion are one transaction, where the warehouse has transactions.
Without one, a kill leaves days whose rows are not those that the ledger counts: the
next load fetches them again.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from whole_days.ledger_tables import DAY_FETCHES, ROW_COUNTS
from whole_days.plan import StoredDay
from whole_days.privacy import Privacy
from whole_days.report import Day, Report
from whole_days.table import ID, LOAD_ID, PARENT

from .engines import dialect_of
from .materialised import Storing, replacements
from .other import Client
from .reading import raw_rows
from .replaced_rows import Changes
from .statements import batched, literals, transaction_of_ddl

PORTION: Final = 20_000  # records; a larger day is a portion of its own
IDS_AT_ONCE: Final = 1_000

Stored = Mapping[date, StoredDay]
Rows = Mapping[str, pa.Table]  # by table, with the load's id


@dataclass(frozen=True)
class Remade:
    """A day of an account before and after."""

    account: str
    day: date
    state: StoredDay
    before: Rows
    after: Day[Any]


def rewrite_days(
    client: Client,
    report: Report[Any],
    account: str,
    stored: Stored,
    days: Iterable[date],
    privacy: Privacy,
    storing: Storing,
) -> list[date]:
    """Write the days of an account as `privacy` wants them; returns the changed ones.

    `stored` is what the ledger knows of them. Raises dlt's errors of the warehouse.
    """
    changed: list[date] = []
    for portion in _portions(sorted(days), stored):
        made = list(_remade(client, report, account, stored, portion, privacy))
        made = [each for each in made if _differs(each)]
        if not made:
            continue
        records = {each.day: each.state.records for each in made}
        changes = Changes(account, records, frozenset(records))
        marts = replacements(client, changes)
        with storing(client, changes.largest_day), transaction_of_ddl(client):
            for each in made:
                _write(client, report, each)
            client.execute_many([*_noted(client, report, made), *marts])
        changed += records
    return changed


def _portions(days: Sequence[date], stored: Stored) -> Iterator[list[date]]:
    portion: list[date] = []
    records = 0
    for day in days:
        own = stored[day].records if day in stored else 0
        if portion and records + own > PORTION:
            yield portion
            portion, records = [], 0
        portion.append(day)
        records += own
    if portion:
        yield portion


def _remade(
    client: Client,
    report: Report[Any],
    account: str,
    stored: Stored,
    days: Sequence[date],
    privacy: Privacy,
) -> Iterator[Remade]:
    assert report.remade
    where = _of(account, days)
    tables = {table.name: raw_rows(client, table, where) for table in report.tables}
    for day in days:
        rows = {name: _of_day(table, day) for name, table in tables.items()}
        after = report.remade(rows, account, day, privacy)
        yield Remade(account, day, stored.get(day, StoredDay()), rows, after)


def _of_day(rows: pa.Table, day: date) -> pa.Table:
    return rows.filter(pc.equal(rows["date"], pa.scalar(day, pa.date32())))


def _differs(each: Remade) -> bool:
    return any(
        _ids(rows) != set(each.after.rows(name)[ID].to_pylist())
        for name, rows in _with_records(each.before).items()
    )


def _with_records(rows: Rows) -> Rows:
    """The rows whose record is there: others are those of a load that was killed."""
    (first, records), *_ = rows.items()
    ids = records[ID].combine_chunks()
    return {
        name: table
        if name == first
        else table.filter(pc.is_in(table[PARENT], value_set=ids))
        for name, table in rows.items()
    }


def _ids(rows: pa.Table) -> set[str]:
    return set(rows[ID].to_pylist())


def _write(client: Client, report: Report[Any], each: Remade) -> None:
    """Replace those rows of a day that have changed."""
    before = _with_records(each.before)
    loads = [load for rows in before.values() for load in rows[LOAD_ID].to_pylist()]
    for table in report.tables:
        old, new = _ids(before[table.name]), each.after.rows(table.name)
        added = new.filter(pc.invert(pc.is_in(new[ID], pa.array([*old], pa.string()))))
        path = client.make_qualified_table_name(table.name)
        for some in batched(sorted(old - _ids(new)), IDS_AT_ONCE):
            client.execute_sql(
                f"delete from {path} where {_of(each.account, [each.day])}"
                f" and {ID} in ({literals(client, some)})"
            )
        if len(added):
            load = pa.repeat(max(loads), len(added))
            dialect_of(client).insert(client, path, added.append_column(LOAD_ID, load))


def _noted(
    client: Client, report: Report[Any], made: Sequence[Remade]
) -> Iterator[str]:
    """The statements that bring the ledger in line with the new rows.

    They remove the hashes of all fetches before: whoever guesses a name could test the
    guess against them. A day that was not whole gets no new hash, so that it counts as
    never fetched.
    """
    fetches = client.make_qualified_table_name(DAY_FETCHES.name)
    of_report = f"report = '{report.name}'"
    for each in made:
        of_day = f"{of_report} and {_of(each.account, [each.day])}"
        yield f"update {fetches} set content_hash = null where {of_day}"
        state = each.state
        if not (state.is_whole and state.load_id):
            continue
        of_fetch = f"{of_day} and {LOAD_ID} = '{state.load_id}'"
        yield (
            f"update {fetches} set content_hash = '{each.after.content_hash}',"
            f" records = {each.after.records} where {of_fetch}"
        )
        counts = client.make_qualified_table_name(ROW_COUNTS.name)
        for name, count in each.after.counts.items():
            yield (
                f"update {counts} set row_count = {count}"
                f" where {of_fetch} and table_name = '{name}'"
            )
        for name, rows in each.after.notes.items():
            path = client.make_qualified_table_name(name)
            yield from (
                f"update {path} set {_assigned(client, row)} where {of_fetch}"
                for row in rows
            )


def _assigned(client: Client, row: Mapping[str, Any]) -> str:
    literal = dialect_of(client).literal
    return ", ".join(
        f"{client.escape_column_name(name)} = {literal(client, value)}"
        for name, value in row.items()
    )


def _of(account: str, days: Sequence[date]) -> str:
    return f"account = '{account}' and date in ({_dates(days)})"


def _dates(days: Iterable[date]) -> str:
    return ", ".join(f"date '{day}'" for day in days)
