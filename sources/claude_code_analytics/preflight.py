"""One call before a load: does the API accept the key, and what is its time?"""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
from anyio.from_thread import start_blocking_portal

from anthropic_admin_api.errors import CredentialsError
from anthropic_admin_api.settings import UsageSettings
from whole_days.calendar import Calendar
from whole_days.clock import ApiClock, utc_now
from whole_days.contact import Contact
from whole_days.errors import TransientError

from .client import Probe, UsageClient

REFUSALS = (401, 403)
A_WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Preflight:
    """What a load knows before it begins.

    `clock` is corrected by the reply's date, if there was one. `is_admitted` says that
    the key was accepted.
    """

    clock: ApiClock
    is_admitted: bool


def preflight(
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None = None,
    clock: Callable[[], datetime] = utc_now,
    contact: Contact | None = None,
) -> Preflight:
    """Ask for one record of the last complete day, and judge by the reply.

    `contact` counts the calls.

    Raises `CredentialsError` when the key is refused, and `ClockError` when this
    machine's clock is off by more than a day. If the API does not answer, the load
    still starts: its days are retried and fail one by one.
    """
    judged = ApiClock(clock)
    with start_blocking_portal() as portal:
        probe = portal.call(_ask, settings, transport, judged, contact or Contact())
    if probe and probe.status in REFUSALS:
        raise CredentialsError(f"{settings.refused} The API said: {probe.said}")
    if probe and (probe.page or 400 <= probe.status < 500):
        judged.require_day()
    return Preflight(judged, is_admitted=bool(probe and probe.page))


async def _ask(
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None,
    clock: ApiClock,
    contact: Contact,
) -> Probe | None:
    """The reply; None when there is none.

    A refusal may concern only that day. So a second call asks for a day a week earlier.
    """
    last = Calendar(clock(), settings.settle).last_complete
    async with aclosing(UsageClient(settings, clock, contact, transport)) as client:
        try:
            probe = await client.probe(last)
            if probe.status in REFUSALS:
                probe = await client.probe(last - A_WEEK)
        except TransientError:
            return None
    return probe
