"""Whether the key may read the configured further reports: one call for each."""

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import date, datetime
from typing import Final

import httpx

from anthropic_admin_api.answer import Answer
from anthropic_admin_api.client import ApiClient, Params
from anthropic_directory import PATH as DIRECTORY_PATH
from anthropic_usage_and_cost import SHAPES, UNVERIFIED
from claude_code_analytics import UsageSettings
from whole_days.calendar import Calendar
from whole_days.clock import ApiClock
from whole_days.contact import Contact
from whole_days.errors import TransientError

from ..exit_codes import ExitCode
from ..neighbours import DIRECTORY
from .finding import Finding, ok, problem, worth_a_look

REFUSED: Final = (401, 403)
LEAVE_OUT: Final = (
    "Give the account a key that may, or leave it out of reports under [ccwarehouse]."
)


def examine_reports(
    settings: UsageSettings,
    names: Sequence[str],
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> Iterator[Finding]:
    """A finding for each report: ask for its last complete day, or a short list."""
    last = Calendar(clock(), settings.settle).last_complete
    asked = {name: call_of(name, last) for name in names}
    for name, found in asyncio.run(_ask(settings, asked, transport, clock)).items():
        yield _judged(name, *found)


def call_of(name: str, day: date) -> tuple[str, Params]:
    """The path and the query of a call that shows whether the report may be read."""
    if name == DIRECTORY:
        return DIRECTORY_PATH, {"limit": "1"}
    return SHAPES[name].path, SHAPES[name].params([day])


async def _ask(
    settings: UsageSettings,
    asked: Mapping[str, tuple[str, Params]],
    transport: httpx.AsyncBaseTransport | None,
    clock: Callable[[], datetime],
) -> dict[str, tuple[Answer | None, str]]:
    """By report the reply, None without one, and what it says if it is an error."""
    found: dict[str, tuple[Answer | None, str]] = {}
    for name, (path, params) in asked.items():
        headers = SHAPES[name].headers if name in SHAPES else None
        client = ApiClient(settings, ApiClock(clock), Contact(), transport, headers)
        async with aclosing(client):
            try:
                reply = await client.once(path, params)
                found[name] = reply, client.described(reply)
            except TransientError as error:
                found[name] = None, client.redacted(str(error))
    return found


def _judged(name: str, reply: Answer | None, said: str) -> Finding:
    if reply is None:
        return worth_a_look(name, f"A call failed ({said}). Try again later.")
    status = reply.head.status_code
    if status == 200:
        is_unverified = name in UNVERIFIED
        return ok(name, f"the key may read it{'; unverified' if is_unverified else ''}")
    if status in REFUSED:
        text = f"The key may not read it. The API said {said}. {LEAVE_OUT}"
        return problem(name, ExitCode.CONFIGURATION, text)
    return worth_a_look(name, f"The API answers, but says {said}. Try again later.")
