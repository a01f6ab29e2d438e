"""Fetched days become dlt resources: each day replaces what was stored of it."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import dlt
import pyarrow as pa
from dlt.common.configuration.specs import BaseConfiguration
from dlt.common.schema.typing import (
    TDeleteInsertStrategyDict,
    TTableSchemaColumns,
    TWriteDisposition,
)
from dlt.extract import DltResource

from .contract import DATA_TABLES, DAY_FETCHES, DAY_FETCHES__UNKNOWNS, TABLES
from .days import Calendar, StoredDay, spans
from .fetch import DayFetch
from .reply import PageReader
from .tables import day_tables


@dataclass(frozen=True)
class LoadedDay:
    """A fetched day and what it means for the warehouse.

    `is_changed` is None for a failed day. A changed day is always written, an unchanged
    one only when the stored rows are not whole.
    """

    fetch: DayFetch
    is_final: bool
    is_changed: bool | None
    is_written: bool


_NOTHING = day_tables([PageReader().read(b'{"data": []}')], "", date.min)


class Package:
    """The days of one load: rows to write, days to clear, and what the ledger notes."""

    def __init__(
        self,
        fetches: Iterable[DayFetch],
        stored: Mapping[date, StoredDay],
        calendar: Calendar,
        account: str,
    ) -> None:
        self.account = account
        self.is_first = not stored
        self.days = [
            _loaded(fetch, stored.get(fetch.day, StoredDay()), calendar)
            for fetch in fetches
        ]

    def rows(self, table: str) -> pa.Table | None:
        """The rows of a data table for all days to write; None when there are none.

        A first load makes the tables even when it has nothing to put into them.
        """
        written = [loaded.fetch.tables for loaded in self.days if loaded.is_written]
        parts = [tables.rows[table] for tables in written if tables]
        if self.is_first:
            parts.append(_NOTHING.rows[table])
        return pa.concat_tables(parts) if parts else None

    def ledger(self) -> pa.Table:
        """A row of `day_fetches` per day."""
        return pa.Table.from_pylist(
            [_ledger_row(day) for day in self.days], DAY_FETCHES
        )

    def unknowns(self) -> pa.Table:
        """A row of `day_fetches__unknowns` per day and thing nobody knows."""
        rows = [row for loaded in self.days for row in _unknown_rows(loaded.fetch)]
        return pa.Table.from_pylist(rows, DAY_FETCHES__UNKNOWNS)

    def models(self) -> set[str]:
        """The models that occur in the days."""
        tables = [loaded.fetch.tables for loaded in self.days if loaded.fetch.tables]
        return {model for day in tables for model in day.models}

    def scope(self) -> str:
        """The SQL condition for everything stored of the days to write."""
        written = sorted(day.fetch.day for day in self.days if day.is_written)
        dates = (
            f"date BETWEEN DATE '{first}' AND DATE '{last}'"
            for first, last in spans(written)
        )
        return f"account = '{self.account}' AND ({' OR '.join(dates) or '1 = 0'})"


@dlt.source(name="claude_code_analytics", spec=BaseConfiguration)
def as_source(package: Callable[[], Package]) -> Iterator[DltResource]:
    """The tables as a dlt source; `package` is called when the load extracts.

    A day's rows replace all that is stored of it. What is stored of other days, failed
    ones among them, is not touched: the scope of the delete names the days themselves,
    so that a day that became empty is emptied and a partitioned table is pruned.
    """
    for name in DATA_TABLES:
        yield _resource(_data(name, package), name, "merge")
    yield _resource(_ledger(package), "day_fetches", "append")
    yield _resource(_unknowns(package), "day_fetches__unknowns", "append")


def _resource(
    items: Iterator[Any], name: str, disposition: TWriteDisposition
) -> DltResource:
    description, texts = TABLES[name]
    columns: TTableSchemaColumns = {
        column: {"name": column, "description": text} for column, text in texts.items()
    }
    if name in DATA_TABLES:
        columns["date"]["partition"] = True
    resource = dlt.resource(
        items, name=name, write_disposition=disposition, columns=columns
    )
    resource.apply_hints(additional_table_hints={"description": description})
    return resource


def _data(name: str, package: Callable[[], Package]) -> Iterator[Any]:
    rows = package().rows(name)
    if rows is None:
        return
    replacing: TDeleteInsertStrategyDict = {
        "disposition": "merge",
        "strategy": "delete-insert",
        "destination_scope": package().scope(),
    }
    yield dlt.mark.with_hints(
        _with_load_id(rows), dlt.mark.make_hints(write_disposition=replacing)
    )


def _ledger(package: Callable[[], Package]) -> Iterator[pa.Table]:
    if package().days:
        yield _with_load_id(package().ledger())


def _unknowns(package: Callable[[], Package]) -> Iterator[pa.Table]:
    rows = package().unknowns()
    if len(rows) or package().is_first:
        yield _with_load_id(rows)


def _with_load_id(rows: pa.Table) -> pa.Table:
    load_id = dlt.current.load_package_state()["load_id"]
    return rows.append_column("_dlt_load_id", pa.repeat(load_id, len(rows)))


def _loaded(fetch: DayFetch, stored: StoredDay, calendar: Calendar) -> LoadedDay:
    is_final = calendar.is_final(fetch.day, fetch.fetched_at)
    if fetch.tables is None:
        return LoadedDay(fetch, is_final, is_changed=None, is_written=False)
    is_changed = fetch.tables.content_hash != stored.content_hash
    return LoadedDay(fetch, is_final, is_changed, is_changed or not stored.is_whole)


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
        "records": fetch.tables.count("usage_report"),
        "model_breakdown_rows": fetch.tables.count("usage_report__model_breakdown"),
        "tool_actions_rows": fetch.tables.count("usage_report__tool_actions"),
        "num_sessions": fetch.tables.num_sessions,
        "estimated_cost_cents": fetch.tables.estimated_cost_cents,
        "content_hash": fetch.tables.content_hash,
    }


def _unknown_rows(fetch: DayFetch) -> list[dict[str, Any]]:
    key = {"account": fetch.account, "date": fetch.day, "fetched_at": fetch.fetched_at}
    drift = fetch.tables.drift if fetch.tables else []
    return [key | sighting._asdict() for sighting in drift]
