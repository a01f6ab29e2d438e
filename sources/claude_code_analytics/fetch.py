"""Many days at once: each fetched whole or not at all, handed over as they complete."""

from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

import anyio
import httpx
import pendulum
from anyio.from_thread import start_blocking_portal
from anyio.to_thread import run_sync

from .client import UsageClient
from .errors import ClaudeCodeAnalyticsError, DayError
from .settings import UsageSettings
from .tables import DayTables, day_tables

# What may wait in memory: fetching goes on while a package of days is being written.
MAX_DAYS_AHEAD = 200
MAX_RECORDS_AHEAD = 60_000


def utc_now() -> datetime:
    """The clock, in UTC whatever the machine's zone is."""
    return pendulum.now("UTC")


@dataclass(frozen=True)
class DayFetch:
    """The outcome of one day: its tables, or why there are none.

    `fetched_at` is the moment before the first call: what the day held by then is in
    `tables`, what came later may not be.
    """

    account: str
    day: date
    fetched_at: datetime
    pages: int = 0
    tables: DayTables | None = None
    error: str | None = None

    @property
    def records(self) -> int:
        """How many records the day has; 0 when it failed."""
        return self.tables.counts["usage_report"] if self.tables else 0


def fetch_days(
    days: Iterable[date],
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Generator[DayFetch]:
    """Fetch days in a thread of its own, `settings.concurrency` at a time.

    Yields each day once, as it completes or fails. Fetching goes on meanwhile, until
    `MAX_DAYS_AHEAD` days or `MAX_RECORDS_AHEAD` records wait to be read. Raises
    `CredentialsError` at once when the key is refused. Closing the iterator ends the
    calls in flight.
    """
    client = UsageClient(settings, transport)
    fetch = partial(_fetch, client, settings.account, clock)
    backlog = _Backlog()
    with start_blocking_portal() as portal:
        work = portal.start_task_soon(
            _fetch_all, client, fetch, iter(days), backlog, settings.concurrency
        )
        try:
            while True:
                outcome = portal.call(backlog.take)
                if isinstance(outcome, Exception):
                    raise outcome
                yield outcome
        except anyio.EndOfStream:
            work.result()
        finally:
            work.cancel()


async def _fetch_all(
    client: UsageClient,
    fetch: Callable[[date], Awaitable[DayFetch]],
    days: Iterator[date],
    backlog: "_Backlog",
    concurrency: int,
) -> None:
    async def worker() -> None:
        for day in days:
            await backlog.put(await fetch(day))

    async with aclosing(client), backlog:
        try:
            async with anyio.create_task_group() as group:
                for _ in range(concurrency):
                    group.start_soon(worker)
        except* ClaudeCodeAnalyticsError as refused:
            await backlog.put(refused.exceptions[0])


class _Backlog:
    """Fetched days that wait to be read; whoever puts too many has to wait as well."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[
            DayFetch | Exception
        ](MAX_DAYS_AHEAD)
        self._records = 0
        self._was_read = anyio.Event()

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *_: object) -> None:
        """There will be no more."""
        self._send.close()

    async def put(self, outcome: DayFetch | Exception) -> None:
        """Add a day, or what ends the run; returns when there is room for more."""
        await self._send.send(outcome)
        self._records += _records(outcome)
        while self._records > MAX_RECORDS_AHEAD:
            await self._was_read.wait()

    async def take(self) -> DayFetch | Exception:
        """The next one. Raises `anyio.EndOfStream` when there will be no more."""
        outcome = await self._receive.receive()
        self._records -= _records(outcome)
        self._was_read.set()
        self._was_read = anyio.Event()
        return outcome


def _records(outcome: DayFetch | Exception) -> int:
    return outcome.records if isinstance(outcome, DayFetch) else 0


async def _fetch(
    client: UsageClient, account: str, clock: Callable[[], datetime], day: date
) -> DayFetch:
    fetched_at = clock()
    try:
        pages = await client.fetch_day(day)
        tables = await run_sync(day_tables, pages, account, day, limiter=client.workers)
    except DayError as error:
        return DayFetch(account, day, fetched_at, error=client.redacted(str(error)))
    return DayFetch(account, day, fetched_at, pages=len(pages), tables=tables)
