"""Decide what a load writes of fetched days, and hand it to dlt in chunks.

A day's rows replace all stored rows of that day. The rows of other days, also of failed
ones, stay unchanged.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any, Generic

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TDeleteInsertStrategyDict
from dlt.extract import DltSource

from .calendar import Calendar, spans
from .ledger_tables import DAY_FETCHES, ROW_COUNTS
from .plan import StoredDay
from .report import DayFetch, Report, Summary
from .table import LOAD_ID, Table

# About five megabytes: small in memory, and large enough that dlt's fixed cost per
# chunk is small (`make bench`).
CHUNK_RECORDS = 5_000


@dataclass(frozen=True)
class PackedDay(Generic[Summary]):
    """A fetched day and what to do with it.

    `is_changed` is None for a failed day. A changed day is always written, an unchanged
    one only if its stored rows are not whole. `is_new`: the warehouse has neither rows
    nor a fetch of this day.
    """

    fetch: DayFetch[Summary]
    is_final: bool
    is_changed: bool | None
    is_written: bool
    is_new: bool


@dataclass(frozen=True)
class Package(Generic[Summary]):
    """The days of one dlt load package, each with what to do with it.

    Every fetch is recorded with `load_number`. The first package of an account creates
    all tables, with or without rows.
    """

    report: Report[Summary]
    account: str
    load_number: int
    is_first: bool
    days: Sequence[PackedDay[Summary]]

    @property
    def names(self) -> frozenset[str]:
        """The announced values of all days."""
        days = (packed.fetch.content for packed in self.days)
        return frozenset().union(*(day.names for day in days if day))

    @property
    def written(self) -> list[PackedDay[Summary]]:
        """The days whose rows are written."""
        return [packed for packed in self.days if packed.is_written]

    def replacement(self) -> TDeleteInsertStrategyDict | None:
        """How dlt replaces the stored rows of the days; None if all days are new."""
        if all(packed.is_new for packed in self.written):
            return None
        return {
            "disposition": "merge",
            "strategy": "delete-insert",
            "destination_scope": self.scope(),
        }

    def chunks(self, table: Table) -> Iterator[pa.Table]:
        """The rows of a table in chunks of whole days, without empty ones."""
        return self._data(table) if table.is_data else self._notes(table)

    def scope(self) -> str:
        """The SQL condition for all stored rows of the written days.

        It names the days, because a day that became empty has no new rows to match. The
        dates also let a partitioned table skip partitions.
        """
        days = sorted(packed.fetch.day for packed in self.written)
        dates = (
            f"date BETWEEN DATE '{first}' AND DATE '{last}'"
            for first, last in spans(days)
        )
        return f"account = '{self.account}' AND ({' OR '.join(dates)})"

    def _data(self, table: Table) -> Iterator[pa.Table]:
        parts: list[pa.Table] = []
        records = 0
        for packed in self.written:
            if packed.fetch.content:
                parts.append(packed.fetch.content.rows(table.name))
            records += packed.fetch.records
            if records >= CHUNK_RECORDS:
                yield from _joined(parts)
                parts, records = [], 0
        yield from _joined(parts)

    def _notes(self, table: Table) -> Iterator[pa.Table]:
        rows = [
            {**self._key(packed), **row}
            for packed in self.days
            for row in _noted(table, packed)
        ]
        if rows:
            yield table.of(rows)

    def _key(self, packed: PackedDay[Summary]) -> dict[str, Any]:
        return {
            "report": self.report.name,
            "account": self.account,
            "date": packed.fetch.day,
            "fetched_at": packed.fetch.fetched_at,
            "load_number": self.load_number,
        }


def packed(
    report: Report[Summary],
    account: str,
    fetches: Iterable[DayFetch[Summary]],
    stored: Mapping[date, StoredDay],
    calendar: Calendar,
) -> Package[Summary]:
    """Decide what to do with fetched days. Pure: reads neither API nor warehouse."""
    numbers = (day.load_number for day in stored.values())
    return Package(
        report=report,
        account=account,
        load_number=1 + max(numbers, default=0),
        is_first=not stored,
        days=[_packed(fetch, stored.get(fetch.day), calendar) for fetch in fetches],
    )


def _packed(
    fetch: DayFetch[Summary], stored: StoredDay | None, calendar: Calendar
) -> PackedDay[Summary]:
    is_new = stored is None
    is_final = calendar.is_final(fetch.day, fetch.fetched_at)
    if fetch.content is None:
        return PackedDay(fetch, is_final, None, is_written=False, is_new=is_new)
    before = stored or StoredDay()
    is_changed = fetch.content.content_hash != before.content_hash
    is_written = is_changed or not before.is_whole
    return PackedDay(fetch, is_final, is_changed, is_written, is_new)


def _joined(parts: Sequence[pa.Table]) -> Iterator[pa.Table]:
    joined = pa.concat_tables(parts) if parts else ()
    if len(joined):
        yield joined


def _noted(table: Table, packed: PackedDay[Any]) -> Iterable[Mapping[str, Any]]:
    """The rows of a notes table on one fetch, without the fetch's key."""
    day = packed.fetch.content
    if table is DAY_FETCHES:
        return [_outcome(packed)]
    if day is None:
        return []
    if table is ROW_COUNTS:
        counts = day.counts.items()
        return [{"table_name": name, "row_count": count} for name, count in counts]
    return day.notes.get(table.name, [])


def _outcome(packed: PackedDay[Any]) -> dict[str, Any]:
    day = packed.fetch.content
    judged = {"is_final": packed.is_final, "is_changed": packed.is_changed}
    if day is None:
        return judged | {"status": "failed", "error": packed.fetch.error}
    return judged | {
        "status": "complete",
        "pages": day.pages,
        "records": day.records,
        "content_hash": day.content_hash,
    }


def as_source(
    report: Report[Summary], package: Callable[[], Package[Summary]]
) -> DltSource:
    """A package as a dlt source; `package` is called when dlt reads the first table."""
    # Without dlt's decorator: its function would hold the package in a reference cycle,
    # and so in memory after the load.
    resources = [
        # Given a bare generator, dlt searches all modules for where it was defined;
        # `chain` hides it.
        dlt.resource(chain(_read(table, package)), name=name)
        for name, table in report.all_tables.items()
    ]
    source = DltSource(dlt.Schema(report.source), report.source, resources)
    source.root_key = False  # or the first replacement would change the schema
    return source


def _read(table: Table, package: Callable[[], Package[Any]]) -> Iterator[Any]:
    """What dlt reads for a table: the hints, then the rows."""
    dlt.current.source_schema().update_table(table.hints())
    ready = package()
    replacement = ready.replacement() if table.is_data else None
    # Before the rows comes an empty item: dlt applies its hints as it reads it.
    if replacement:
        hints = dlt.mark.make_hints(write_disposition=replacement)
        yield dlt.mark.with_hints(_with_load_id(table.empty()), hints)
    elif ready.is_first:
        yield _with_load_id(table.empty())
    for rows in ready.chunks(table):
        yield _with_load_id(rows)


def _with_load_id(rows: pa.Table) -> pa.Table:
    load_id = dlt.current.load_package_state()["load_id"]
    return rows.append_column(LOAD_ID, pa.repeat(load_id, len(rows)))
