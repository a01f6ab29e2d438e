"""What a source defines: its report, a day of it, and how to fetch a day.

    USAGE = Report(
        name="usage",
        source="some_api",
        tables=[Table("records", "One row per record.", [...], is_data=True)],
        open=SomeClient,
    )

`fetch` fetches its days, `package` decides what to write of them, and `ledger` reads
what a warehouse holds of each.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Generic, Protocol, TypeVar

import pyarrow as pa

from .admission import Admission
from .clock import ApiClock
from .contact import Contact
from .errors import DayError
from .ledger_tables import DAY_FETCHES, ROW_COUNTS
from .privacy import Privacy
from .table import Table

Summary = TypeVar("Summary")
Summary_co = TypeVar("Summary_co", covariant=True)


@dataclass(frozen=True)
class Day(Generic[Summary_co]):
    """One UTC day of a report, fetched whole.

    `pages` and `records` are numbers of replies and records, `counts` the number of
    rows in each data table. Days with equal content have the same `content_hash`.
    `organizations` own the records; a record may name none. `notes` holds the rows of
    the report's own notes, without the key of the fetch. `names` are the announced
    values. `summary` is what the source reports to people about the day.

    `rows` makes the rows of a data table, with all columns except the load's id. It is
    called only for days that are written, once for each table.
    """

    pages: int
    records: int
    counts: Mapping[str, int]
    content_hash: str
    rows: Callable[[str], pa.Table]
    summary: Summary_co
    organizations: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()
    notes: Mapping[str, Sequence[Mapping[str, Any]]] = field(default_factory=dict)


@dataclass(frozen=True)
class DayFetch(Generic[Summary_co]):
    """The outcome of one day: its content, or why it could not be fetched.

    `fetched_at` is the time before the first call, by the API's clock if this machine's
    is wrong. Records from before it are in `content`, later ones may not be.
    """

    day: date
    fetched_at: datetime
    content: Day[Summary_co] | None = None
    error: str | None = None

    @property
    def records(self) -> int:
        """How many records the day has; 0 when it failed."""
        return self.content.records if self.content else 0

    @property
    def organizations(self) -> frozenset[str]:
        """The organisations that own the records."""
        return self.content.organizations if self.content else frozenset()


class Settings(Protocol):
    """The settings that every report has."""

    account: str
    concurrency: int
    initial_days: int
    lookback: int

    @property
    def settle(self) -> timedelta:
        """How long after 24:00 UTC a day is complete."""


class Client(Protocol[Summary_co]):
    """Calls an API. One client serves a run, because its days share a rate limit.

    `admission` is told when a call was accepted.
    """

    admission: Admission

    async def fetch_days(
        self, days: Sequence[date]
    ) -> Mapping[date, Day[Summary_co] | DayError]:
        """Some UTC days, or why one of them could not be fetched whole.

        Raises `DayError` if that concerns all of them.
        """

    def redacted(self, text: str) -> str:
        """A reason without secrets."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class Announced:
    """A column of a table. Of a data table, a load announces values new to it."""

    table: str
    column: str


@dataclass(frozen=True)
class Report(Generic[Summary]):
    """A report of an API by UTC day: its tables, and how to fetch a day.

    `name` is the report's name in the ledger. `source` names dlt's schema and, unless
    `section` does, the section of the settings. `tables` are the data tables. The first
    one has one row per record; its column `owner`, if any, is the organisation. `notes`
    are tables with rows on each fetch, made by `ledger_tables.notes`. `days_at_once` is
    how many consecutive days the API gives in one call.

    `open` makes a client from settings, the clock that the replies correct, and the
    contact that watches the calls.

    Of the first table, `names` are the columns that name people, and `personal` are
    those that are null where a day is stored as sums. `examples` is the column of notes
    that quotes values. `remade` makes a day from its stored rows, by table, its
    account and date, as a fetch would make it under another privacy.
    """

    name: str
    source: str
    tables: Sequence[Table]
    open: Callable[[Any, ApiClock, Contact], Client[Summary]]
    notes: Sequence[Table] = ()
    owner: str | None = None
    announced: Announced | None = None
    names: Sequence[str] = ()
    personal: Sequence[str] = ()
    examples: Announced | None = None
    remade: (
        Callable[[Mapping[str, pa.Table], str, date, Privacy], Day[Summary]] | None
    ) = None
    days_at_once: int = 1
    section: str | None = None

    @cached_property
    def all_tables(self) -> dict[str, Table]:
        """Every table that a load of the report writes, by name."""
        tables = (*self.tables, DAY_FETCHES, ROW_COUNTS, *self.notes)
        return {table.name: table for table in tables}
