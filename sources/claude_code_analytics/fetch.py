"""The days of the usage report, fetched many at a time."""

from collections.abc import Callable, Generator, Iterable
from datetime import date, datetime
from typing import TypeAlias

import httpx

from whole_days import fetch
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact

from .client import UsageClient
from .settings import UsageSettings
from .tables import DayTables

DayFetch: TypeAlias = fetch.DayFetch[DayTables]


def fetch_days(
    days: Iterable[date],
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
    *,
    is_admitted: bool = False,
    contact: Contact | None = None,
) -> Generator[DayFetch]:
    """Fetch days as `whole_days.fetch` does, `settings.concurrency` at a time.

    A refusal is 401 or 403. Raises `CredentialsError` when the first day of every
    caller is refused. `contact` learns whether the API answers.
    """

    def caller(judged: ApiClock) -> UsageClient:
        return UsageClient(settings, transport, judged, contact)

    return fetch.fetch(
        days,
        caller,
        settings.account,
        settings.concurrency,
        clock,
        is_admitted=is_admitted,
    )
