"""The one path that nightly runs and backfills take: plan, fetch, write, sum up."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import partial
from itertools import chain
from typing import Protocol

import pyarrow as pa

from claude_code_analytics import DayFetch, Package, UsageSettings, fetch_days
from claude_code_analytics.drift import Sighting, merged
from claude_code_analytics.organisation import (
    known_organizations,
    of_known_organization,
)
from claude_code_analytics.tables import DayTables
from whole_days.calendar import Calendar
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact
from whole_days.plan import StoredDay, WantedDay, asked_for, nightly

from .warehouses import Warehouse

# A package is durable when it is in: small enough that a killed backfill keeps most of
# what it fetched, large enough that the work per package does not count.
PACKAGE_DAYS = 120
PACKAGE_RECORDS = 60_000


@dataclass(frozen=True)
class Request:
    """What was asked for: a range of days (both ends included), or what is missing."""

    start: date | None = None
    end: date | None = None
    include_today: bool = False
    replace_organisation: bool = False


class Progress(Protocol):
    """Someone who watches a load."""

    def fetched(self, fetch: DayFetch) -> None:
        """A day has arrived, or failed."""

    def stored(self, package: Package) -> None:
        """A package of days is durable."""


@dataclass
class Outcome:
    """What a load did.

    `cost_usd` is the estimated cost of the days it loaded. `unknown` is what the API's
    contract does not know, `new_models` what the warehouse had not seen before.
    `clock_error` is how far this machine's clock is ahead of the API's, 0 while that
    does no harm.

    `emptied` are the days that had records and have none now, `organizations` those of
    the days it loaded, `organizations_before` those that were stored of these days, and
    `new_organizations` those of which nothing was stored.
    """

    loaded: list[date] = field(default_factory=list)
    changed: list[date] = field(default_factory=list)
    empty: list[date] = field(default_factory=list)
    emptied: list[date] = field(default_factory=list)
    failed: dict[date, str] = field(default_factory=dict)
    twins: dict[date, int] = field(default_factory=dict)
    unknown: list[Sighting] = field(default_factory=list)
    new_models: set[str] = field(default_factory=set)
    organizations: set[str] = field(default_factory=set)
    organizations_before: set[str] = field(default_factory=set)
    new_organizations: set[str] = field(default_factory=set)
    records: int = 0
    cost_usd: Decimal = Decimal(0)
    seconds: float = 0
    account_is_empty: bool = False
    clock_error: timedelta = timedelta()

    @property
    def gone_organizations(self) -> set[str]:
        """Those whose records are gone from days that still have some of others."""
        gone = self.organizations_before - self.organizations
        return gone if self.organizations else set()

    def add(self, package: Package, stored: Mapping[date, StoredDay]) -> None:
        """Count a package that is in; `stored` is what was there before."""
        for loaded in package.days:
            fetch = loaded.fetch
            if loaded.is_changed:
                self.changed.append(fetch.day)
            if fetch.tables is None:
                self.failed[fetch.day] = fetch.error or "unknown"
            else:
                before = stored.get(fetch.day, StoredDay())
                self._add_day(fetch.day, fetch.tables, before)

    def _add_day(self, day: date, tables: DayTables, before: StoredDay) -> None:
        records = tables.records
        self.loaded.append(day)
        if not records:
            self.empty.append(day)
        if before.records and not records:
            self.emptied.append(day)
        self.organizations |= tables.organizations
        self.organizations_before |= before.organizations
        if tables.twins:
            self.twins[day] = tables.twins
        self.unknown = merged([*self.unknown, *tables.drift])
        self.records += records
        self.cost_usd += tables.estimated_cost_cents / 100


@dataclass(frozen=True)
class Plan:
    """The days to fetch, what was stored when they were chosen, and by which clock.

    With `replaces_organisation` the days may be another organisation's than before.
    """

    wanted: list[WantedDay]
    stored: Mapping[date, StoredDay]
    calendar: Calendar
    replaces_organisation: bool = False


def plan(
    request: Request,
    stored: Mapping[date, StoredDay],
    now: datetime,
    settings: UsageSettings,
) -> Plan:
    """The days to fetch and why, oldest first. Pure: asks neither API nor warehouse."""
    calendar = Calendar(now, settings.settle)
    if request.start is None and request.end is None:
        wanted = nightly(
            stored,
            calendar,
            initial_days=settings.initial_days,
            lookback=settings.lookback,
            include_today=request.include_today,
            replace_organisation=request.replace_organisation,
        )
    else:
        newest = calendar.today if request.include_today else calendar.last_complete
        oldest = calendar.first(stored, settings.initial_days)
        start, end = request.start or oldest, request.end or newest
        wanted = asked_for(start, end, calendar)
    return Plan(wanted, stored, calendar, request.replace_organisation)


def load(
    warehouse: Warehouse,
    plan: Plan,
    settings: UsageSettings,
    progress: Progress,
    clock: Callable[[], datetime] = utc_now,
    *,
    is_admitted: bool = False,
    contact: Contact | None = None,
) -> Outcome:
    """Fetch the days of a plan and write them, package by package.

    `is_admitted` says that the API has accepted the key before, `contact` learns
    whether it answers.

    Raises what ends a run: `CredentialsError`, `OrganisationError` before anything is
    written, and dlt's errors of the warehouse. The packages written before are in all
    the same. A day that fails is in the outcome.
    """
    # Arrow's own allocators keep what their threads have given back
    pa.set_memory_pool(pa.system_memory_pool())
    began = time.monotonic()
    outcome = Outcome()
    days = [item.day for item in plan.wanted]
    judged = ApiClock.of(clock)
    fetch = partial(
        fetch_days,
        settings=settings,
        clock=judged,
        is_admitted=is_admitted,
        contact=contact,
    )
    models = warehouse.models(settings.account) if plan.stored else None
    with closing(fetch(days)) as fetches:
        arriving = _watched(fetches, progress)
        if not plan.replaces_organisation:
            arriving = of_known_organization(
                arriving, plan.stored, settings.account, fetch
            )
        for portion in portions(arriving):
            package = Package(portion, plan.stored, plan.calendar, settings.account)
            warehouse.write(package)
            outcome.add(package, plan.stored)
            if models is not None:
                outcome.new_models |= package.models() - models
            pa.system_memory_pool().release_unused()
            progress.stored(package)
    has_records = outcome.records or any(day.records for day in plan.stored.values())
    outcome.account_is_empty = bool(outcome.loaded) and not has_records
    if known := known_organizations(plan.stored):
        outcome.new_organizations = outcome.organizations - known
    outcome.clock_error = judged.error
    outcome.seconds = time.monotonic() - began
    return outcome


def portions(
    fetches: Iterable[DayFetch],
    max_days: int = PACKAGE_DAYS,
    max_records: int = PACKAGE_RECORDS,
) -> Iterator[Iterator[DayFetch]]:
    """Fetched days in portions of bounded size; one day is never divided.

    A portion is to be read to its end before the next one is asked for.
    """
    arriving = iter(fetches)
    for first in arriving:
        yield _portion(chain([first], arriving), max_days, max_records)


def _portion(
    arriving: Iterator[DayFetch], max_days: int, max_records: int
) -> Iterator[DayFetch]:
    days = records = 0
    for fetch in arriving:
        yield fetch
        days, records = days + 1, records + fetch.records
        if days == max_days or records >= max_records:
            break
    # before the warehouse takes memory of its own to write them
    pa.system_memory_pool().release_unused()


def _watched(fetches: Iterable[DayFetch], progress: Progress) -> Iterator[DayFetch]:
    for fetch in fetches:
        progress.fetched(fetch)
        yield fetch
