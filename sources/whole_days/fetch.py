"""Many days at once: each fetched whole or not at all, handed over as they complete."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar

import anyio
from anyio.from_thread import start_blocking_portal
from anyio.to_thread import run_sync

from .admission import Admission
from .clock import ApiClock
from .errors import DayError, RefusedError, WholeDaysError

# What may wait in memory: fetching goes on while a package of days is being written.
MAX_DAYS_AHEAD = 200
MAX_RECORDS_AHEAD = 60_000


class DayRows(Protocol):
    """The rows of one day, as a source makes them: so much is known of any source's."""

    @property
    def records(self) -> int:
        """How many records the day has."""

    @property
    def organizations(self) -> frozenset[str]:
        """Those the records belong to; a record that names none tells nothing."""


Rows = TypeVar("Rows", bound=DayRows)
Rows_co = TypeVar("Rows_co", bound=DayRows, covariant=True)


class Caller(Protocol[Rows_co]):
    """What calls an API. One serves all days of a run, as they share one rate.

    `workers` limits the threads that make rows, `admission` tells whether any call was
    accepted.
    """

    workers: anyio.CapacityLimiter
    admission: Admission

    async def fetch_day(self, day: date) -> Sequence[Any]:
        """All replies of one UTC day. Raises `DayError` if it cannot be had whole."""

    def rows_of(self, replies: Sequence[Any], day: date) -> Rows_co:
        """The day's rows, made in a worker thread. Raises `DayError`."""

    def redacted(self, text: str) -> str:
        """A reason without secrets."""

    async def aclose(self) -> None:
        """Close the connections."""


@dataclass(frozen=True)
class DayFetch(Generic[Rows]):
    """The outcome of one day: its rows, or why there are none.

    `fetched_at` is the moment before the first call, by the API's clock where this
    machine's is off: what the day held by then is in `tables`, what came later may not
    be.
    """

    account: str
    day: date
    fetched_at: datetime
    pages: int = 0
    tables: Rows | None = None
    error: str | None = None

    @property
    def records(self) -> int:
        """How many records the day has; 0 when it failed."""
        return self.tables.records if self.tables else 0

    @property
    def organizations(self) -> frozenset[str]:
        """Those the records belong to; a record that names none tells nothing."""
        return self.tables.organizations if self.tables else frozenset()


def fetch(
    days: Iterable[date],
    caller: Callable[[ApiClock], Caller[Rows]],
    account: str,
    concurrency: int,
    clock: Callable[[], datetime],
    *,
    is_admitted: bool = False,
) -> Generator[DayFetch[Rows]]:
    """Fetch days in a thread of its own, `concurrency` at a time.

    Yields each day once, as it completes or fails. Fetching goes on meanwhile, until
    `MAX_DAYS_AHEAD` days or `MAX_RECORDS_AHEAD` records wait to be read. Closing the
    iterator ends the calls in flight.

    A day that is refused has failed like any other once a call of the run was accepted;
    `is_admitted` says that one was before. Raises what the refusal `ends_run` with when
    the first day of every caller is refused.
    """
    backlog: _Backlog[Rows] = _Backlog()
    judged = ApiClock.of(clock)
    client = caller(judged)
    if is_admitted:
        client.admission.accept()
    run = _Run(client, account, judged, backlog)
    with start_blocking_portal() as portal:
        work = portal.start_task_soon(run.fetch, iter(days), concurrency)
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


@dataclass(frozen=True)
class _Fetched:
    """A day that came whole and is yet to be made into tables."""

    day: date
    at: datetime
    pages: Sequence[Any]


class _Run(Generic[Rows]):
    """Calls for some days, while those that came before are made into rows."""

    def __init__(
        self,
        client: Caller[Rows],
        account: str,
        clock: ApiClock,
        backlog: "_Backlog[Rows]",
    ) -> None:
        self._client = client
        self._account = account
        self._clock = clock
        self._backlog = backlog
        self._fetched, self._to_make = anyio.create_memory_object_stream[_Fetched]()

    async def fetch(self, days: Iterator[date], concurrency: int) -> None:
        """Put all days into the backlog; a refusal of the key comes last."""
        refusals: list[Exception] = []
        async with aclosing(self._client), self._backlog:
            async with anyio.create_task_group() as makers:
                for _ in range(int(self._client.workers.total_tokens)):
                    makers.start_soon(self._make)
                async with self._fetched:
                    try:
                        async with anyio.create_task_group() as callers:
                            for _ in range(concurrency):
                                callers.start_soon(self._call, days)
                    except* WholeDaysError as refused:
                        refusals += refused.exceptions
            for refusal in refusals[:1]:
                await self._backlog.put(refusal)

    async def _call(self, days: Iterator[date]) -> None:
        for day in days:
            began = self._clock.machine()
            try:
                pages = await self._client.fetch_day(day)
            except RefusedError as error:
                await self._client.admission.require(error)
                await self._give_up(day, self._clock.corrected(began), error)
            except DayError as error:
                await self._give_up(day, self._clock.corrected(began), error)
            else:
                at = self._clock.corrected(began)
                await self._fetched.send(_Fetched(day, at, pages))
        self._client.admission.leave()

    async def _make(self) -> None:
        async for fetched in self._to_make:
            day, at, pages = fetched.day, fetched.at, fetched.pages
            try:
                tables = await run_sync(
                    self._client.rows_of, pages, day, limiter=self._client.workers
                )
            except DayError as error:
                await self._give_up(day, at, error)
            else:
                outcome = DayFetch(self._account, day, at, len(pages), tables)
                await self._backlog.put(outcome)

    async def _give_up(self, day: date, at: datetime, error: DayError) -> None:
        reason = self._client.redacted(str(error))
        await self._backlog.put(DayFetch(self._account, day, at, error=reason))


class _Backlog(Generic[Rows]):
    """Fetched days that wait to be read; whoever puts too many has to wait as well."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[
            DayFetch[Rows] | Exception
        ](MAX_DAYS_AHEAD)
        self._records = 0
        self._was_read = anyio.Event()

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *_: object) -> None:
        """There will be no more."""
        self._send.close()

    async def put(self, outcome: DayFetch[Rows] | Exception) -> None:
        """Add a day, or what ends the run; returns when there is room for more."""
        await self._send.send(outcome)
        self._records += _records(outcome)
        while self._records > MAX_RECORDS_AHEAD:
            await self._was_read.wait()

    async def take(self) -> DayFetch[Rows] | Exception:
        """The next one. Raises `anyio.EndOfStream` when there will be no more."""
        outcome = await self._receive.receive()
        self._records -= _records(outcome)
        self._was_read.set()
        self._was_read = anyio.Event()
        return outcome


def _records(outcome: DayFetch[Any] | Exception) -> int:
    return outcome.records if isinstance(outcome, DayFetch) else 0
