"""Fetch many days at once, each whole or not at all, and yield them as they arrive."""

from collections.abc import (
    Callable,
    Generator,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from datetime import date, datetime
from typing import Any, Generic

import anyio
from anyio.from_thread import start_blocking_portal

from .calendar import stretches
from .clock import ApiClock, utc_now
from .contact import Contact
from .errors import DayError, RefusedError, WholeDaysError
from .report import Client, Day, DayFetch, Report, Settings, Summary

# How many fetched days may wait in memory while a package is written.
MAX_DAYS_AHEAD = 200
MAX_RECORDS_AHEAD = 20_000


def fetch(
    report: Report[Summary],
    days: Iterable[date],
    settings: Settings,
    clock: Callable[[], datetime] = utc_now,
    *,
    is_admitted: bool = False,
    contact: Contact | None = None,
) -> Generator[DayFetch[Summary]]:
    """Fetch days in a separate thread, with `settings.concurrency` calls at a time.

    Yields each day once, as it completes or fails. Fetching continues until
    `MAX_DAYS_AHEAD` days or `MAX_RECORDS_AHEAD` records wait to be read. Closing the
    iterator ends the calls in flight. `contact` is told whether the API answers.

    Once the API has accepted a call of the run, a refused day fails like any other.
    `is_admitted`: it has accepted one before. Raises the `ends_run` of the refusal if
    the first day of every caller is refused.
    """
    judged = ApiClock.of(clock)
    client = report.open(settings, judged, contact or Contact())
    if is_admitted:
        client.admission.accept()
    backlog: _Backlog[Summary] = _Backlog()
    run = _Run(client, judged, backlog)
    calls = stretches(days, report.days_at_once)
    with start_blocking_portal() as portal:
        work = portal.start_task_soon(run.fetch, calls, settings.concurrency)
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


class _Run(Generic[Summary]):
    """The calls for some days."""

    def __init__(
        self,
        client: Client[Summary],
        clock: ApiClock,
        backlog: "_Backlog[Summary]",
    ) -> None:
        self._client = client
        self._clock = clock
        self._backlog = backlog

    async def fetch(self, calls: Iterator[Sequence[date]], concurrency: int) -> None:
        """Put all days into the backlog, and last an error that ends the run."""
        refusals: list[Exception] = []
        async with aclosing(self._client), self._backlog:
            try:
                async with anyio.create_task_group() as callers:
                    for _ in range(concurrency):
                        callers.start_soon(self._call, calls)
            except* WholeDaysError as errors:
                refusals.extend(errors.exceptions)
            if refusals:
                await self._backlog.put(refusals[0])

    async def _call(self, calls: Iterator[Sequence[date]]) -> None:
        """Fetch the days of one call after another, until none is left."""
        for days in calls:
            began = self._clock.machine()
            found = await self._found(days)
            for day in days:
                await self._backlog.put(self._outcome(day, began, found[day]))
        self._client.admission.leave()

    async def _found(
        self, days: Sequence[date]
    ) -> Mapping[date, Day[Summary] | DayError]:
        try:
            return await self._client.fetch_days(days)
        except RefusedError as error:
            await self._client.admission.require(error)
            return dict.fromkeys(days, error)
        except DayError as error:
            return dict.fromkeys(days, error)

    def _outcome(
        self, day: date, began: datetime, found: Day[Summary] | DayError
    ) -> DayFetch[Summary]:
        fetched_at = self._clock.corrected(began)
        if isinstance(found, DayError):
            return DayFetch(day, fetched_at, error=self._client.redacted(str(found)))
        return DayFetch(day, fetched_at, found)


class _Backlog(Generic[Summary]):
    """Fetched days that wait to be read. When it is full, `put` waits."""

    def __init__(self) -> None:
        self._send, self._receive = anyio.create_memory_object_stream[
            DayFetch[Summary] | Exception
        ](MAX_DAYS_AHEAD)
        self._records = 0
        self._was_read = anyio.Event()

    async def __aenter__(self) -> None:
        """Nothing to open."""

    async def __aexit__(self, *_: object) -> None:
        """No more days will come."""
        self._send.close()

    async def put(self, outcome: DayFetch[Summary] | Exception) -> None:
        """Add a day, or the error that ends the run. Returns when there is room."""
        await self._send.send(outcome)
        self._records += _records(outcome)
        while self._records > MAX_RECORDS_AHEAD:
            await self._was_read.wait()

    async def take(self) -> DayFetch[Summary] | Exception:
        """The next day or error. Raises `anyio.EndOfStream` after the last one."""
        outcome = await self._receive.receive()
        self._records -= _records(outcome)
        self._was_read.set()
        self._was_read = anyio.Event()
        return outcome


def _records(outcome: DayFetch[Any] | Exception) -> int:
    return outcome.records if isinstance(outcome, DayFetch) else 0
