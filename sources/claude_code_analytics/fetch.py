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
from anyio.streams.memory import MemoryObjectSendStream

from .client import UsageClient
from .errors import ClaudeCodeAnalyticsError, DayError
from .settings import UsageSettings
from .tables import DayTables, day_tables


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
        return self.tables.count("usage_report") if self.tables else 0


def fetch_days(
    days: Iterable[date],
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
) -> Generator[DayFetch]:
    """Fetch days in a thread of its own, `settings.concurrency` at a time.

    Yields each day once, as it completes or fails; fetching goes on meanwhile, at most
    twice `concurrency` days ahead of who reads. Raises `CredentialsError` at once when
    the key is refused. Closing the iterator ends the calls in flight.
    """
    client = UsageClient(settings, transport)
    fetch = partial(_fetch, client, settings.account, clock)
    ahead = settings.concurrency
    send, receive = anyio.create_memory_object_stream[DayFetch | Exception](ahead)
    with start_blocking_portal() as portal:
        work = portal.start_task_soon(
            _fetch_all, client, fetch, iter(days), send, ahead
        )
        try:
            while True:
                outcome = portal.call(receive.receive)
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
    send: MemoryObjectSendStream[DayFetch | Exception],
    concurrency: int,
) -> None:
    async def worker() -> None:
        for day in days:
            await send.send(await fetch(day))

    async with aclosing(client), send:
        try:
            async with anyio.create_task_group() as group:
                for _ in range(concurrency):
                    group.start_soon(worker)
        except* ClaudeCodeAnalyticsError as refused:
            await send.send(refused.exceptions[0])


async def _fetch(
    client: UsageClient, account: str, clock: Callable[[], datetime], day: date
) -> DayFetch:
    fetched_at = clock()
    try:
        pages = await client.fetch_day(day)
        tables = await anyio.to_thread.run_sync(day_tables, pages, account, day)
    except DayError as error:
        return DayFetch(account, day, fetched_at, error=client.redacted(str(error)))
    return DayFetch(account, day, fetched_at, pages=len(pages), tables=tables)
