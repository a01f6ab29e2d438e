"""Fetched days become dlt resources: each day replaces what was stored of it."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import chain
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.schema.typing import (
    TDeleteInsertStrategyDict,
)
from dlt.extract import DltResource

from whole_days.calendar import Calendar, spans
from whole_days.plan import StoredDay
from whole_days.table import LOAD_ID

from .contract import DATA_TABLES, DAY_FETCHES, TABLES, UNKNOWNS
from .fetch import DayFetch

# Some ten megabytes: few enough to hold, enough that dlt's work per chunk is little.
CHUNK_RECORDS = 10_000


@dataclass(frozen=True)
class LoadedDay:
    """A fetched day and what it means for the warehouse.

    `is_changed` is None for a failed day. A changed day is always written, an unchanged
    one only when the stored rows are not whole. Of a new day nothing at all is stored.
    """

    fetch: DayFetch
    is_final: bool
    is_changed: bool | None
    is_written: bool
    is_new: bool


class Package:
    """The days of one load: rows to write, days to clear, and what the ledger notes.

    Days are taken in while rows are read, so a package need not fit into memory; `days`
    are those taken in so far.
    """

    def __init__(
        self,
        fetches: Iterable[DayFetch],
        stored: Mapping[date, StoredDay],
        calendar: Calendar,
        account: str,
    ) -> None:
        self.account = account
        numbers = (day.load_number for day in stored.values())
        self.load_number = 1 + max(numbers, default=0)
        self.days: list[LoadedDay] = []
        self._arriving = (
            _loaded(fetch, stored.get(fetch.day), calendar) for fetch in fetches
        )
        self._waiting: dict[str, deque[pa.Table]] = {name: deque() for name in TABLES}
        if not stored:  # a first load makes the tables, whether it has rows or not
            for name, table in TABLES.items():
                self._waiting[name].append(table.empty())

    def chunks(self, table: str) -> Iterator[pa.Table | None]:
        """The rows of a table in parts of whole days; None where a part has none.

        The tables are to be read in turn: what one is ahead of the others waits.
        """
        waiting = self._waiting[table]
        while waiting or self._take_in():
            yield waiting.popleft() if waiting else None

    def models(self) -> set[str]:
        """The models that occur in the days."""
        tables = [loaded.fetch.tables for loaded in self.days if loaded.fetch.tables]
        return {model for day in tables for model in day.models}

    def replacement(self) -> TDeleteInsertStrategyDict | None:
        """How dlt replaces what is stored of the days; None when that is nothing."""
        written = [day for day in self.days if day.is_written]
        if all(day.is_new for day in written):
            return None
        return {
            "disposition": "merge",
            "strategy": "delete-insert",
            "destination_scope": self._scope(day.fetch.day for day in written),
        }

    def _scope(self, days: Iterable[date]) -> str:
        """The SQL condition for everything stored of these days."""
        dates = (
            f"date BETWEEN DATE '{first}' AND DATE '{last}'"
            for first, last in spans(sorted(days))
        )
        return f"account = '{self.account}' AND ({' OR '.join(dates)})"

    def _take_in(self) -> bool:
        """Take in days until they make a chunk; False when there are no more."""
        days: list[LoadedDay] = []
        records = 0
        for day in self._arriving:
            days.append(day)
            records += day.fetch.records
            if records >= CHUNK_RECORDS:
                break
        self.days += days
        for name, rows in _chunk(days, self.load_number).items():
            if len(rows):
                self._waiting[name].append(rows)
        return bool(days)


# without root_key=False the schema would change with the first replacement
@dlt.source(name="claude_code_analytics", spec=BaseConfiguration, root_key=False)
def as_source(package: Callable[[], Package]) -> Iterator[DltResource]:
    """The tables as a dlt source; `package` is called when the load extracts.

    A day's rows replace all that is stored of it. What is stored of other days, failed
    ones among them, is not touched: the scope of the delete names the days themselves,
    so that a day that became empty is emptied and a partitioned table is pruned.
    """
    for name in TABLES:
        rows = _data if name in DATA_TABLES else _notes
        # not the generator itself: dlt would look through all modules for its source
        items = chain(rows(name, package))
        yield dlt.resource(items, name=name, write_disposition="append")


def _data(name: str, package: Callable[[], Package]) -> Iterator[Any]:
    yield from _notes(name, package)
    # only now it is known which days are in, and so which ones to clear
    if replacement := package().replacement():
        hints = dlt.mark.make_hints(write_disposition=replacement)
        yield dlt.mark.with_hints(_with_load_id(TABLES[name].empty()), hints)


def _notes(name: str, package: Callable[[], Package]) -> Iterator[pa.Table | None]:
    dlt.current.source_schema().update_table(TABLES[name].hints())
    for rows in package().chunks(name):
        # None sends dlt on to the next table
        yield None if rows is None else _with_load_id(rows)


def _with_load_id(rows: pa.Table) -> pa.Table:
    load_id = dlt.current.load_package_state()["load_id"]
    return rows.append_column(LOAD_ID, pa.repeat(load_id, len(rows)))


def _loaded(fetch: DayFetch, stored: StoredDay | None, calendar: Calendar) -> LoadedDay:
    is_new = stored is None
    is_final = calendar.is_final(fetch.day, fetch.fetched_at)
    if fetch.tables is None:
        return LoadedDay(fetch, is_final, None, is_written=False, is_new=is_new)
    before = stored or StoredDay()
    is_changed = fetch.tables.content_hash != before.content_hash
    is_written = is_changed or not before.is_whole
    return LoadedDay(fetch, is_final, is_changed, is_written, is_new)


def _chunk(days: Sequence[LoadedDay], load_number: int) -> dict[str, pa.Table]:
    """The rows of days for each table; the days let go of theirs."""
    fetched = [(day, day.fetch.tables) for day in days if day.fetch.tables]
    written = [tables.rows for day, tables in fetched if day.is_written]
    for _, tables in fetched:
        tables.let_go()
    ledger = [_ledger_row(day) | {"load_number": load_number} for day in days]
    unknowns = [row for day in days for row in _unknown_rows(day.fetch)]
    return {
        **{
            name: pa.concat_tables(
                [TABLES[name].empty(), *(rows[name] for rows in written)]
            )
            for name in DATA_TABLES
        },
        "day_fetches": pa.Table.from_pylist(ledger, DAY_FETCHES.schema),
        "day_fetches__unknowns": pa.Table.from_pylist(unknowns, UNKNOWNS.schema),
    }


def _ledger_row(loaded: LoadedDay) -> dict[str, Any]:
    fetch = loaded.fetch
    row = {
        "account": fetch.account,
        "date": fetch.day,
        "fetched_at": fetch.fetched_at,
        "status": "failed",
        "error": fetch.error,
        "is_final": loaded.is_final,
        "is_changed": loaded.is_changed,
    }
    if fetch.tables is None:
        return row
    return row | {
        "status": "complete",
        "pages": fetch.pages,
        "records": fetch.tables.records,
        "model_breakdown_rows": fetch.tables.counts["usage_report__model_breakdown"],
        "tool_actions_rows": fetch.tables.counts["usage_report__tool_actions"],
        "num_sessions": fetch.tables.num_sessions,
        "estimated_cost_cents": fetch.tables.estimated_cost_cents,
        "content_hash": fetch.tables.content_hash,
    }


def _unknown_rows(fetch: DayFetch) -> list[dict[str, Any]]:
    key = {"account": fetch.account, "date": fetch.day, "fetched_at": fetch.fetched_at}
    drift = fetch.tables.drift if fetch.tables else []
    return [key | sighting._asdict() for sighting in drift]
