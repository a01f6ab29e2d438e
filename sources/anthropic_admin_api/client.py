"""Calls to the API over HTTP: retries, waits and errors."""

import asyncio
import contextlib
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TypeVar

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

from .answer import Answer, describe, moment_of, read_body, retry_after
from .errors import (
    LONGEST_REASON,
    CredentialsError,
    NoAnswerError,
    SettingsError,
    StaleCursorError,
)
from .network import open_client, untrusted_certificate
from .settings import UsageSettings

MAX_RESTARTS = 5
MAX_MINUTES = 60
WORKERS = 2  # threads that parse replies: each one keeps its own memory
TRANSIENT_STATUSES = {408, 409, 429}
LONGEST_BACKOFF = 30
LONGEST_PROBE = 20
PROGRAM = "ccwarehouse"
HOME = "https://github.com/ccwarehouse/ccwarehouse"
CURSORS = {"page", "after_id"}  # the parameters of both styles of paging

UNTRUSTED = (
    "A certificate on the way to {host} is not trusted ({reason}). Behind a proxy that "
    "breaks TLS, set SSL_CERT_FILE to a file (PEM) that holds the proxy's certificate."
)

T = TypeVar("T")
Params = Mapping[str, str | list[str]]


def user_agent() -> str:
    """`name/version (+url)`, as the API asks of its callers.

    Folders that were copied out of the package have no version.
    """
    try:
        name = f"{PROGRAM}/{version(PROGRAM)}"
    except PackageNotFoundError:
        name = PROGRAM
    return f"{name} (+{HOME})"


class ApiClient:
    """Makes the calls of one run, which share a rate limit.

    `transport` is the seam for tests: any `httpx.AsyncBaseTransport`. `clock` is given
    the time of each reply. `headers` are sent beside those of every call.
    """

    def __init__(
        self,
        settings: UsageSettings,
        clock: ApiClock,
        contact: Contact,
        transport: httpx.AsyncBaseTransport | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self._clock = clock
        self._credential = settings.credential
        self._refused = settings.refused
        self._max_wait = settings.max_wait
        self._backoff = tenacity.wait_exponential_jitter(
            multiplier=settings.backoff, jitter=settings.backoff, max=LONGEST_BACKOFF
        )
        self._workers = CapacityLimiter(WORKERS)
        self.admission = Admission(settings.concurrency)
        self._contact = contact
        self._gate = Gate()
        self._http = open_client(
            settings.base_url,
            headers={
                "anthropic-version": "2023-06-01",
                "user-agent": user_agent(),
                **(headers or {}),
            },
            timeout=settings.timeout,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def whole(self, what: str, fetch: Callable[[Patience], Awaitable[T]]) -> T:
        """What `fetch` fetches in several calls, begun anew when a cursor expires.

        `what` names it. Raises `DayError` if it cannot be fetched whole: `RefusedError`
        if the API refused a call, which may concern the whole run, and `NoAnswerError`
        if no call succeeded in time.
        """
        self._gate.require_hope()
        patience = Patience(self._max_wait)
        try:
            async with asyncio.timeout(60 * MAX_MINUTES + self._max_wait):
                for _ in range(1 + MAX_RESTARTS):
                    with contextlib.suppress(StaleCursorError):
                        return await fetch(patience)
        except TimeoutError:
            message = (
                f"the {what} took more than {MAX_MINUTES} minutes without its waits"
            )
            raise NoAnswerError(message) from None
        raise DayError(f"the page cursor went stale {1 + MAX_RESTARTS} times")

    async def once(self, path: str, params: Params) -> Answer:
        """The answer to one call, without retries.

        Raises `TransientError` if no whole reply arrives within `LONGEST_PROBE`
        seconds, and `SettingsError` if a certificate is not trusted.
        """
        patience = Patience(min(self._max_wait, LONGEST_PROBE))
        try:
            return await self._reply(path, params, patience)
        except RefusedError as error:
            raise error.ends_run from None
        except DayError as error:
            raise TransientError(str(error)) from None

    def described(self, reply: Answer) -> str:
        """Status, the API's message and the request's id, without secrets."""
        return describe(reply, self.redacted)

    async def patiently(
        self,
        path: str,
        params: Params,
        patience: Patience,
        read: Callable[[bytes], T],
        *,
        admits: bool = True,
    ) -> T:
        """A reply, with retries while they may help and the patience lasts.

        `read` makes something of the bytes, in a worker. `admits`: a key that may make
        this call may read the report.
        """
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
                found: T = await retrying(self._call, path, params, patience, read)
        except TransientError as error:
            tries = retrying.statistics["attempt_number"]
            reason = f"{error}{patience.remark(error.retry_after)}"
            self._gate.give_up(patience.call_began, reason)
            raise NoAnswerError(f"{reason}; tried {tries} times") from None
        patience.end_call(retrying.statistics["attempt_number"] > 1)
        self._gate.answered()
        if admits:
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
        path: str,
        params: Params,
        patience: Patience,
        read: Callable[[bytes], T],
    ) -> T:
        reply = await self._reply(path, params, patience)
        if reply.head.status_code != 200:
            raise self._error(reply, has_cursor=bool(CURSORS & params.keys()))
        return await run_sync(read, reply.body, limiter=self._workers)

    async def _reply(self, path: str, params: Params, patience: Patience) -> Answer:
        with _refusing():
            secret = await self._credential.secret()
        # `timeout` restarts with every byte; patience limits the whole reply
        try:
            async with asyncio.timeout(patience.left()):
                await self._gate.passed(patience)
                return await self._admitted(path, params, secret)
        except TimeoutError:
            raise TransientError(patience.reason) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            if untrusted := untrusted_certificate(error):
                raise self._untrusted(untrusted) from None
            message = f"{type(error).__name__} {error}".strip()
            raise TransientError(self.redacted(message)) from None

    async def _admitted(self, path: str, params: Params, secret: str) -> Answer:
        """The reply; after a 401 the reply to a renewed token, if there is one."""
        reply = await self._said(path, params, secret)
        if reply.head.status_code != 401:
            return reply
        with _refusing():
            instead = await self._credential.instead_of(secret)
        if instead is None:
            return reply
        self._contact.retries += 1
        return await self._said(path, params, instead)

    async def _said(self, path: str, params: Params, secret: str) -> Answer:
        headers = self._credential.headers(secret)
        self._contact.sent += 1
        call = self._http.stream("GET", path, params=params, headers=headers)
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
        message = self.described(reply)
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
