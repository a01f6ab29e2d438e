"""The API: does it answer, does it accept the key, whose data is it, how new is it?"""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

import httpx
import pyarrow as pa

from claude_code_analytics import UsageSettings
from claude_code_analytics.client import Probe, UsageClient
from whole_days.calendar import ONE_DAY, Calendar
from whole_days.clock import SET_IT, ApiClock, off
from whole_days.contact import Contact
from whole_days.errors import TransientError

from ..exit_codes import ExitCode
from .finding import Finding, ok, problem, skipped, worth_a_look

RECENT_DAYS: Final = 7
WEEKS_BACK: Final = (2, 4, 8, 16)

EMPTY_ACCOUNT = (
    "Every day of this account is empty, though the key works. The report does not "
    "cover OAuth users on Team and Enterprise plans, nor usage through Amazon Bedrock, "
    "Google Vertex AI or other clouds. Check that the key belongs to the organisation "
    "whose members use Claude Code through the API."
)
MAKE_A_KEY = (
    "An organisation's admin makes an Admin key (sk-ant-admin...) in the Claude "
    "Console under Settings, Admin keys; set it as {place}."
)
GET_A_TOKEN = "Get one with the scope org:admin, and set it as {place}."
REFUSALS = {
    401: "The API does not know the key: it is mistyped, was deleted or has expired",
    403: "The API knows the key, but the key may not read this report: it is not an "
    "Admin key",
}
REFUSALS_OF_TOKENS = {
    401: "The API does not know the token: it is mistyped or has expired",
    403: "The API knows the token, but the token may not read this report",
}


@dataclass
class Look:
    """The calls so far: each day with its reply, oldest call first.

    `clock` knows the API's time from the replies. `silence` says why a call got no
    reply; no call is made after that one.
    """

    clock: ApiClock
    probes: list[tuple[date, Probe]] = field(default_factory=list)
    silence: str = ""

    @property
    def newest(self) -> tuple[date, pa.StructArray] | None:
        """The last day called for and its record, None if it has none."""
        if self.silence or not self.probes:
            return None
        day, probe = self.probes[-1]
        return (day, probe.page.records) if probe.page and probe.page.records else None


def examine_api(
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> tuple[list[Finding], str | None]:
    """Look back from the last complete day to the newest day with data.

    Returns the findings, and the organisation of the newest record, None if there is no
    record.
    """
    last = Calendar(clock(), settings.settle).last_complete
    look = asyncio.run(_look_back(settings, transport, clock, days_to_ask(last)))
    findings = [
        _answers(look, settings.base_url),
        _access(look, settings),
        _newest(look, last),
        _clock(look),
    ]
    return findings, _organization(look)


def days_to_ask(last: date) -> list[date]:
    """Each day of the last week; before that Wednesdays, as weekends may be empty."""
    wednesday = last - (last.weekday() - 2) * ONE_DAY
    recent = [last - back * ONE_DAY for back in range(RECENT_DAYS)]
    return [*recent, *(wednesday - timedelta(weeks=weeks) for weeks in WEEKS_BACK)]


async def _look_back(
    settings: UsageSettings,
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
    days: list[date],
) -> Look:
    """Ask for one day after another until one has a record or a call fails."""
    look = Look(ApiClock(clock))
    async with aclosing(
        UsageClient(settings, look.clock, Contact(), transport)
    ) as client:
        for day in days:
            try:
                probe = await client.probe(day)
            except TransientError as error:
                look.silence = str(error)
                break
            look.probes.append((day, probe))
            if probe.page is None or probe.page.records:
                break
    return look


def _answers(look: Look, base_url: str) -> Finding:
    if not look.probes:
        reason = f"{base_url} does not answer ({look.silence})"
        fix = "Check the network, a proxy's settings and base_url."
        return worth_a_look("API", f"{reason}. {fix}")
    _, probe = look.probes[0]
    if probe.page or probe.status in REFUSALS:
        return ok("API", f"{base_url} answers")
    reason = f"{base_url} answers, but not with a report ({probe.said})"
    return worth_a_look("API", f"{reason}. Try again later, or check base_url.")


def _access(look: Look, settings: UsageSettings) -> Finding:
    is_token = settings.auth_token or settings.auth_token_command
    if not look.probes:
        return skipped("access", "the API does not answer")
    _, probe = look.probes[0]
    if probe.status in REFUSALS:
        fix = GET_A_TOKEN if is_token else MAKE_A_KEY
        why = REFUSALS_OF_TOKENS if is_token else REFUSALS
        fix = fix.format(place=settings.key_place)
        text = f"{why[probe.status]}. It said {probe.said}. {fix}"
        return problem("access", ExitCode.CONFIGURATION, text)
    if probe.page is None:
        return skipped("access", "the API does not answer with a report")
    return ok("access", f"the API accepts the {'token' if is_token else 'key'}")


def _organization(look: Look) -> str | None:
    if not look.newest:
        return None
    _, records = look.newest
    organization: str | None = records.field("organization_id")[0].as_py()
    return organization


def _newest(look: Look, last: date) -> Finding:
    if not (look.probes and look.probes[0][1].page):
        return skipped("newest data", "the API returns no data")
    if look.newest:
        return _judged(look.newest[0], last)
    day, probe = look.probes[-1]
    if look.silence or probe.page is None:
        said = look.silence or probe.said
        return worth_a_look("newest data", f"A call failed ({said}). Try again later.")
    asked = f"None of {len(look.probes)} days from {day} to {last} has a record."
    return worth_a_look("newest data", f"{asked} {EMPTY_ACCOUNT}")


def _judged(newest: date, last: date) -> Finding:
    if newest > last - RECENT_DAYS * ONE_DAY:
        which = "the last complete day" if newest == last else "and none since"
        return ok("newest data", f"{newest}, {which}")
    text = (
        f"{newest} has data, the {RECENT_DAYS} days up to {last} have none. Check that "
        "the organisation still uses Claude Code with this account."
    )
    return worth_a_look("newest data", text)


def _clock(look: Look) -> Finding:
    clock = look.clock
    if not look.probes or clock.ahead is None:
        return skipped("clock", "no reply had a date")
    if not clock.error:
        seconds = round(abs(clock.ahead).total_seconds())
        return ok("clock", f"within {seconds} s of the API's")
    effect = "a load uses the API's clock, and refuses to run at more than a day apart"
    return worth_a_look("clock", f"{off(clock.error)}: {effect}. {SET_IT}.")
