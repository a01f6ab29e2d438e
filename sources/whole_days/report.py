"""What a source gives: its report, a day of it, and how a day is fetched.

    USAGE = Report(
        name="usage",
        source="some_api",
        tables=[Table("records", "One row per record.", [...], is_data=True)],
        open=SomeClient,
    )

`fetch` fetches its days, `package` decides what is written of them, and `ledger` tells
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
from .ledger_tables import DAY_FETCHES, ROW_COUNTS
from .table import Table

Summary = TypeVar("Summary")
Summary_co = TypeVar("Summary_co", covariant=True)


@dataclass(frozen=True)
class Day(Generic[Summary_co]):
    """One UTC day of a report, fetched whole.

    `pages` counts the replies it came in, `records` what it has, `counts` the rows of
    each table of data. Days of equal content have one `content_hash`. `organizations`
    are those the records belong to: a record that names none tells nothing. `notes` are
    rows of the report's own notes, without the key of the fetch. `names` are what the
    report announces. `summary` is what the source wants to tell people of the day.

    `rows` makes the rows of a table of data, all columns but the load's id. It is
    called once for each table of a day that is written, and never for others.
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
    """The outcome of one day: what it holds, or why that could not be had.

    `fetched_at` is the moment before the first call, by the API's clock where this
    machine's is off: records from before it are in `content`, later ones may not be.
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
        """Those the records belong to."""
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
    """What calls an API. One serves all days of a run, as they share one rate.

    `admission` is told when a call was accepted.
    """

    admission: Admission

    async def fetch_day(self, day: date) -> Day[Summary_co]:
        """One UTC day. Raises `DayError` if it cannot be had whole."""

    def redacted(self, text: str) -> str:
        """A reason without secrets."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class Announced:
    """A column of a table of data: a load announces values it has not had before."""

    table: str
    column: str


@dataclass(frozen=True)
class Report(Generic[Summary]):
    """A report of an API by UTC day: what it fills, and how a day of it is fetched.

    `name` is the one in the ledger, `source` that of dlt's schema and of the section
    with its settings. `tables` hold its data; the first one has a row per record, and
    its column `owner`, where there is one, tells the organisation. `notes` are tables
    with rows on each fetch, made by `ledger_tables.notes`.

    `open` makes a client from settings, the clock that the replies correct, and the
    contact that watches the calls.
    """

    name: str
    source: str
    tables: Sequence[Table]
    open: Callable[[Any, ApiClock, Contact], Client[Summary]]
    notes: Sequence[Table] = ()
    owner: str | None = None
    announced: Announced | None = None

    @cached_property
    def all_tables(self) -> dict[str, Table]:
        """Every table that a load of the report writes, by name."""
        tables = (*self.tables, DAY_FETCHES, ROW_COUNTS, *self.notes)
        return {table.name: table for table in tables}
