"""The API over HTTP: one place that pages, one that retries, one that names errors."""

import asyncio
import contextlib
import email.utils
import re
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.metadata import metadata

import httpx
import tenacity
from anyio import CapacityLimiter
from anyio.to_thread import run_sync

from .errors import (
    LONGEST_REASON,
    ClaudeCodeAnalyticsError,
    ContractError,
    CredentialsError,
    DayError,
    StaleCursorError,
    TransientError,
    without_emails,
)
from .reply import Page, PageReader
from .settings import UsageSettings

PATH = "/v1/organizations/usage_report/claude_code"
PAGE_LIMIT = 1000
MAX_RESTARTS = 5
WORKERS = 2  # threads that read replies: each keeps memory of its own
TRANSIENT_STATUSES = {408, 409, 429}
LONGEST_BACKOFF = 30
LONGEST_PROBE = 20

REFUSED = (
    "The API refused the key. This report needs an Admin API key (sk-ant-admin...): "
    "an organisation's admin makes one in the Claude Console under Settings, Admin "
    "keys. Set it as ANTHROPIC_ADMIN_KEY."
)


def user_agent() -> str:
    """`name/version (+url)`, as the API asks of its callers."""
    package = metadata("ccwarehouse")
    url = package["Project-URL"].split(", ")[-1]
    return f"ccwarehouse/{package['Version']} (+{url})"


@dataclass(frozen=True)
class Probe:
    """What one call told: a page, or else in `said` why there is none.

    `date` is the reply's own clock (UTC, to the second), None when it shows none.
    """

    status: int
    date: datetime | None
    page: Page | None
    said: str = ""


class UsageClient:
    """Fetches days whole. One client serves all days of a run, as they share one rate.

    `transport` is the seam for tests: any `httpx.AsyncBaseTransport`.
    """

    def __init__(
        self,
        settings: UsageSettings,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._key = settings.require_key()
        self._max_wait = settings.max_wait
        self._backoff = tenacity.wait_exponential_jitter(
            multiplier=settings.backoff, jitter=settings.backoff, max=LONGEST_BACKOFF
        )
        self.workers = CapacityLimiter(WORKERS)
        self._gate = _Gate()
        self._reader = PageReader()
        self._http = httpx.AsyncClient(
            base_url=settings.base_url,
            headers={
                "x-api-key": self._key,
                "anthropic-version": "2023-06-01",
                "user-agent": user_agent(),
            },
            timeout=settings.timeout,
            follow_redirects=False,
            transport=transport,
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def fetch_day(self, day: date) -> list[Page]:
        """All pages of one UTC day.

        Raises `DayError` when the day cannot be had whole and `CredentialsError` when
        no day can.
        """
        self._gate.require_hope()
        patience = _Patience(self._max_wait)
        for _ in range(1 + MAX_RESTARTS):
            with contextlib.suppress(StaleCursorError):
                return [page async for page in self._pages(day, patience)]
        raise DayError(f"the page cursor went stale {1 + MAX_RESTARTS} times")

    async def probe(self, day: date) -> Probe:
        """One call for at most one record of a UTC day, not tried again.

        Raises `TransientError` when no reply comes within seconds.
        """
        params = {"starting_at": day.isoformat(), "limit": "1"}
        patience = _Patience(min(self._max_wait, LONGEST_PROBE))
        response = await self._reply(params, patience)
        status, moment = response.status_code, _date(response)
        if status != 200:
            return Probe(status, moment, None, _describe(response, self.redacted))
        try:
            return Probe(status, moment, self._reader.read(response.content))
        except DayError as error:
            return Probe(status, moment, None, self.redacted(str(error)))

    async def _pages(self, day: date, patience: "_Patience") -> AsyncIterator[Page]:
        params = {"starting_at": day.isoformat(), "limit": str(PAGE_LIMIT)}
        cursors: set[str] = set()
        while True:
            page = await self._patiently(params, patience)
            yield page
            if not page.has_more:
                return
            if not page.next_page:
                raise ContractError("the reply says has_more but gives no next_page")
            if page.next_page in cursors:
                raise ContractError("the reply repeats a page cursor")
            cursors.add(page.next_page)
            params["page"] = page.next_page

    async def _patiently(self, params: dict[str, str], patience: "_Patience") -> Page:
        """One page, tried again while that may help and the day's patience lasts."""
        patience.begin_call()
        retrying = tenacity.AsyncRetrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=lambda state: self._pause(state, patience),
            stop=lambda state: state.upcoming_sleep > patience.left(),
            reraise=True,
        )
        try:
            page: Page = await retrying(self._call, params, patience)
        except TransientError as error:
            tries = retrying.statistics["attempt_number"]
            self._gate.give_up(patience.call_began, str(error))
            raise DayError(f"{error}; tried {tries} times") from None
        patience.end_call(retrying.statistics["attempt_number"] > 1)
        self._gate.answered()
        return page

    def _pause(self, state: tenacity.RetryCallState, patience: "_Patience") -> float:
        """Seconds until the next try; after a 429 the other days pause as well."""
        error = state.outcome.exception() if state.outcome else None
        assert isinstance(error, TransientError)
        patience.reason = str(error)
        seconds = max(self._backoff(state), error.retry_after)
        if error.is_rate_limit:
            self._gate.close_for(seconds, str(error))
        return seconds

    async def _call(self, params: dict[str, str], patience: "_Patience") -> Page:
        response = await self._reply(params, patience)
        if response.status_code != 200:
            raise self._error(response, has_cursor="page" in params)
        return await run_sync(self._reader.read, response.content, limiter=self.workers)

    async def _reply(
        self, params: dict[str, str], patience: "_Patience"
    ) -> httpx.Response:
        try:
            async with asyncio.timeout(patience.left()):
                await self._gate.passed(patience)
                return await self._http.get(PATH, params=params)
        except TimeoutError:
            raise TransientError(patience.reason) from None
        except (httpx.TransportError, httpx.DecodingError) as error:
            message = f"{type(error).__name__} {error}".strip()
            raise TransientError(self.redacted(message)) from None

    def _error(
        self, response: httpx.Response, *, has_cursor: bool
    ) -> ClaudeCodeAnalyticsError:
        status = response.status_code
        message = _describe(response, self.redacted)
        if status in (401, 403):
            return CredentialsError(f"{REFUSED} The API said: {message}")
        about_page = status == 400 and re.search(r"(?i)\bpage\b|cursor", message)
        if has_cursor and (status == 410 or about_page):
            return StaleCursorError(message)
        if status in TRANSIENT_STATUSES or status >= 500:
            wait = _retry_after(response)
            return TransientError(
                message, retry_after=wait, is_rate_limit=status == 429
            )
        return DayError(message)

    def redacted(self, text: str) -> str:
        """A reason fit for reports: without the key and emails a reply may have held.

        Cut to a readable length, as a reply may have held books, too, and without the
        one character that Postgres does not store.
        """
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
        text = re.sub(re.escape(self._key), "[key]", text, flags=re.IGNORECASE)
        return without_emails(text)[:LONGEST_REASON]


class _Gate:
    """What the days in flight share: a pause after 429, and whether anyone answers."""

    def __init__(self) -> None:
        self._opens_at = 0.0
        self._closed_by = ""
        self._answered_at = 0.0
        self._gave_up: list[str] = []

    async def passed(self, patience: "_Patience") -> None:
        # another 429 may move the opening while this one sleeps
        while (wait := self._opens_at - time.monotonic()) > 0:
            if wait > patience.left():
                raise TransientError(self._closed_by, retry_after=wait)
            await asyncio.sleep(wait)

    def close_for(self, seconds: float, reason: str) -> None:
        self._opens_at = max(self._opens_at, time.monotonic() + seconds)
        self._closed_by = reason

    def answered(self) -> None:
        self._answered_at = time.monotonic()
        self._gave_up.clear()

    def give_up(self, since: float, reason: str) -> None:
        """A day waited in vain, and no other had an answer meanwhile."""
        if self._answered_at < since:
            self._gave_up.append(reason)

    def require_hope(self) -> None:
        """One day may have a fault of its own; after a second the next need not try."""
        if len(self._gave_up) > 1:
            raise DayError(
                f"not tried, as the days before waited in vain: {self._gave_up[-1]}"
            )


class _Patience:
    """The seconds one day may lose to waiting and to calls that fail.

    `reason` is why the call was tried again, and what to say if that took too long.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self.begin_call()

    def begin_call(self) -> None:
        self.call_began = time.monotonic()
        self.reason = "no whole reply came in time"

    def end_call(self, was_tried_again: bool) -> None:
        if was_tried_again:
            self._seconds -= time.monotonic() - self.call_began

    def left(self) -> float:
        return self._seconds - (time.monotonic() - self.call_began)


def _describe(response: httpx.Response, redacted: Callable[[str], str]) -> str:
    """Status, the API's own words and the request's id, on one line."""
    if response.has_redirect_location:
        host = httpx.URL(response.headers["location"]).host or "another path"
        return f"{response.status_code} redirect to {host}, which is not followed"
    try:
        body = response.json()
        error = body["error"]
        words, request = f"{error['type']}: {error['message']}", body.get("request_id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        words, request = response.reason_phrase or "no JSON body", None
    request = response.headers.get("request-id") or request or "unknown"
    said = " ".join(redacted(f"{response.status_code} {words}").split())[:400]
    return f"{said} (request id {redacted(request)})"


def _retry_after(response: httpx.Response) -> float:
    """Seconds to wait as the reply's header says, in either of HTTP's two forms."""
    value = response.headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return max(float(value), 0)
    with contextlib.suppress(ValueError):
        moment = email.utils.parsedate_to_datetime(value)
        return max(moment.timestamp() - time.time(), 0)
    return 0


def _date(response: httpx.Response) -> datetime | None:
    """The moment of the reply by the server's clock."""
    with contextlib.suppress(ValueError):
        moment = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    return None
