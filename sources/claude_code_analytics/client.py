"""The API over HTTP: pages, retries and errors."""

import asyncio
import contextlib
import re
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import partial
from importlib.metadata import metadata
from typing import TypeAlias

import httpx
import tenacity
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from whole_days.admission import Admission
from whole_days.clock import ApiClock
from whole_days.contact import Contact
from whole_days.emails import without_emails
from whole_days.errors import DayError, RefusedError, TransientError
from whole_days.patience import Gate, Patience
from whole_days.privacy import NAMED, Privacy
from whole_days.report import Day

from .answer import Answer, describe, moment_of, read_body, retry_after
from .errors import (
    LONGEST_REASON,
    ContractError,
    CredentialsError,
    SettingsError,
    StaleCursorError,
)
from .network import open_client, untrusted_certificate
from .reply import Page, PageReader
from .settings import UsageSettings
from .tables import UsageSummary, usage_day

PATH = "/v1/organizations/usage_report/claude_code"
PAGE_LIMIT = 1000
MAX_RESTARTS = 5
# A day that exceeds these limits fails. No real day comes near them.
MAX_PAGES = 10_000  # of a thousand records each
MAX_EMPTY_PAGES = 100  # in a row: the API may filter out all records of a page
MAX_MINUTES = 60
WORKERS = 2  # threads that parse replies: each one keeps its own memory
TRANSIENT_STATUSES = {408, 409, 429}
LONGEST_BACKOFF = 30
LONGEST_PROBE = 20

UNTRUSTED = (
    "A certificate on the way to {host} is not trusted ({reason}). Behind a proxy that "
    "breaks TLS, set SSL_CERT_FILE to a file (PEM) that holds the proxy's certificate."
)


def user_agent() -> str:
    """`name/version (+url)`, as the API asks of its callers."""
    package = metadata("ccwarehouse")
    url = package["Project-URL"].split(", ")[-1]
    return f"ccwarehouse/{package['Version']} (+{url})"


# A page, and the whole day when it is the last one.
Read: TypeAlias = tuple[Page, Day[UsageSummary] | None]


@dataclass(frozen=True)
class Probe:
    """The result of one call: a page, or None and the reason in `said`."""

    status: int
    page: Page | None
    said: str = ""


class UsageClient:
    """Fetches whole days. One client serves a run, because its days share a rate limit.

    `transport` is the seam for tests: any `httpx.AsyncBaseTransport`. `clock` is given
    the time of each reply. `privacy` says what becomes of names.
    """

    def __init__(
        self,
        settings: UsageSettings,
        clock: ApiClock,
        contact: Contact,
        transport: httpx.AsyncBaseTransport | None = None,
        privacy: Privacy = NAMED,
    ) -> None:
        self._clock = clock
        self._privacy = privacy
        self._credential = settings.credential
        self._refused = settings.refused
        self._account = settings.account
        self._max_wait = settings.max_wait
        self._backoff = tenacity.wait_exponential_jitter(
            multiplier=settings.backoff, jitter=settings.backoff, max=LONGEST_BACKOFF
        )
        self._workers = CapacityLimiter(WORKERS)
        self.admission = Admission(settings.concurrency)
        self._contact = contact
        self._gate = Gate()
        self._reader = PageReader()
        self._http = open_client(
            settings.base_url,
            headers={
                "anthropic-version": "2023-06-01",
                "user-agent": user_agent(),
            },
            timeout=settings.timeout,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def fetch_day(self, day: date) -> Day[UsageSummary]:
        """One UTC day, all its pages.

        Raises `DayError` if the day cannot be fetched whole: `RefusedError` if the API
        refused the call, which may concern the whole run.
        """
        self._gate.require_hope()
        patience = Patience(self._max_wait)
        try:
            async with asyncio.timeout(60 * MAX_MINUTES + self._max_wait):
                for _ in range(1 + MAX_RESTARTS):
                    with contextlib.suppress(StaleCursorError):
                        return await self._pages(day, patience)
        except TimeoutError:
            message = f"the day took more than {MAX_MINUTES} minutes without its waits"
            raise DayError(message) from None
        raise DayError(f"the page cursor went stale {1 + MAX_RESTARTS} times")

    async def probe(self, day: date) -> Probe:
        """One call for at most one record of a UTC day, without retries.

        Raises `TransientError` if no whole reply arrives within `LONGEST_PROBE`
        seconds, and `SettingsError` if a certificate is not trusted.
        """
        params = {"starting_at": day.isoformat(), "limit": "1"}
        patience = Patience(min(self._max_wait, LONGEST_PROBE))
        try:
            reply = await self._reply(params, patience)
        except RefusedError as error:
            raise error.ends_run from None
        except DayError as error:
            raise TransientError(str(error)) from None
        status = reply.head.status_code
        if status != 200:
            return Probe(status, None, describe(reply, self.redacted))
        try:
            return Probe(status, self._reader.read(reply.body))
        except DayError as error:
            return Probe(status, None, self.redacted(str(error)))

    async def _pages(self, day: date, patience: Patience) -> Day[UsageSummary]:
        params = {"starting_at": day.isoformat(), "limit": str(PAGE_LIMIT)}
        pages: list[Page] = []
        cursors: set[str] = set()
        empty = 0
        while True:
            read = partial(self._read, pages, day)
            page, content = await self._patiently(params, patience, read)
            if content:
                return content
            pages.append(page)
            empty = 0 if page.records else empty + 1
            params["page"] = _next_cursor(page, cursors, empty)
            cursors.add(params["page"])

    def _read(self, before: Sequence[Page], day: date, body: bytes) -> Read:
        """Parse a page, and with the last page the day, in one trip to a worker."""
        page = self._reader.read(body)
        if page.has_more:
            return page, None
        day_made = usage_day([*before, page], self._account, day, self._privacy)
        return page, day_made

    async def _patiently(
        self,
        params: dict[str, str],
        patience: Patience,
        read: Callable[[bytes], Read],
    ) -> Read:
        """One page, with retries while they may help and the day's patience lasts."""
        patience.begin_call()
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=lambda state: self._pause(state, patience),
            stop=lambda state: state.upcoming_sleep > patience.left(),
            before_sleep=self._count_retry,
            reraise=True,
        )
        try:
            with self._contact.call():
                found: Read = await retrying(self._call, params, patience, read)
        except TransientError as error:
            tries = retrying.statistics["attempt_number"]
            reason = f"{error}{patience.remark(error.retry_after)}"
            self._gate.give_up(patience.call_began, reason)
            raise DayError(f"{reason}; tried {tries} times") from None
        patience.end_call(retrying.statistics["attempt_number"] > 1)
        self._gate.answered()
        self.admission.accept()
        return found

    def _count_retry(self, _: tenacity.RetryCallState) -> None:
        self._contact.retries += 1

    def _pause(self, state: tenacity.RetryCallState, patience: Patience) -> float:
        """Seconds until the next retry; after a 429 the other days pause as well."""
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, TransientError)
        patience.reason = self._contact.reason = str(error)
        seconds = max(self._backoff(state), error.retry_after)
        if error.is_rate_limit:
            self._gate.close_for(seconds, str(error))
        return seconds

    async def _call(
        self,
        params: dict[str, str],
        patience: Patience,
        read: Callable[[bytes], Read],
    ) -> Read:
        reply = await self._reply(params, patience)
        if reply.head.status_code != 200:
            raise self._error(reply, has_cursor="page" in params)
        return await run_sync(read, reply.body, limiter=self._workers)

    async def _reply(self, params: dict[str, str], patience: Patience) -> Answer:
        with _refusing():
            secret = await self._credential.secret()
        # `timeout` restarts with every byte; patience limits the whole reply
        try:
            async with asyncio.timeout(patience.left()):
                await self._gate.passed(patience)
                return await self._admitted(params, secret)
        except TimeoutError:
            raise TransientError(patience.reason) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            if untrusted := untrusted_certificate(error):
                raise self._untrusted(untrusted) from None
            message = f"{type(error).__name__} {error}".strip()
            raise TransientError(self.redacted(message)) from None

    async def _admitted(self, params: dict[str, str], secret: str) -> Answer:
        """The reply; after a 401 the reply to a renewed token, if there is one."""
        reply = await self._said(params, secret)
        if reply.head.status_code != 401:
            return reply
        with _refusing():
            instead = await self._credential.instead_of(secret)
        if instead is None:
            return reply
        self._contact.retries += 1
        return await self._said(params, instead)

    async def _said(self, params: dict[str, str], secret: str) -> Answer:
        headers = self._credential.headers(secret)
        self._contact.sent += 1
        call = self._http.stream("GET", PATH, params=params, headers=headers)
        async with call as head:
            self._hear(head)
            if head.status_code == 200:
                self._credential.accepted(secret)
            return Answer(head, await read_body(head))

    def _hear(self, response: httpx.Response) -> None:
        """Give the API's time in a reply to the clock.

        A server error may come from a proxy, which has its own clock.
        """
        moment = moment_of(response)
        if moment and response.status_code < 500:
            self._clock.hear(moment)

    def _error(self, reply: Answer, *, has_cursor: bool) -> DayError:
        status = reply.head.status_code
        message = describe(reply, self.redacted)
        if status in (401, 403):
            ends_run = CredentialsError(f"{self._refused} The API said: {message}")
            return RefusedError(message, ends_run=ends_run)
        about_page = status == 400 and re.search(r"(?i)\bpage\b|cursor", message)
        if has_cursor and (status == 410 or about_page):
            return StaleCursorError(message)
        if status in TRANSIENT_STATUSES or status >= 500:
            wait = retry_after(reply.head)
            return TransientError(
                message, retry_after=wait, is_rate_limit=status == 429
            )
        return DayError(message)

    def _untrusted(self, reason: str) -> RefusedError:
        message = UNTRUSTED.format(host=self._http.base_url.host, reason=reason)
        return RefusedError(message, ends_run=SettingsError(message))

    def redacted(self, text: str) -> str:
        """A reason for the ledger and for people, without the key and emails.

        It is cut to a readable length, because replies can be long. NUL is replaced,
        because Postgres cannot store it.
        """
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
        return without_emails(self._credential.redacted(text))[:LONGEST_REASON]


@contextlib.contextmanager
def _refusing() -> Iterator[None]:
    """A command that gives no token is like a refusal: it may concern the whole run."""
    try:
        yield
    except CredentialsError as error:
        raise RefusedError(str(error), ends_run=error) from None


def _next_cursor(page: Page, cursors: Set[str], empty: int) -> str:
    """The next cursor, given earlier ones and how many pages in a row were empty."""
    if not page.next_page:
        raise ContractError("the reply says has_more but gives no next_page")
    if page.next_page in cursors:
        raise ContractError("the reply repeats a page cursor")
    if empty == MAX_EMPTY_PAGES:
        raise ContractError(f"{empty} pages in a row were empty, and has_more is true")
    if len(cursors) + 1 == MAX_PAGES:
        raise ContractError(f"the day has more than {MAX_PAGES:,} pages")
    return page.next_page
