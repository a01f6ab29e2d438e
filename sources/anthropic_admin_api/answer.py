"""One answer of the API over HTTP: its body up to a limit, its error, its headers."""

import contextlib
import email.utils
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

from whole_days.errors import DayError

# A page has at most a thousand records, usually of 1 KB each.
MAX_BYTES = 128 * 2**20


@dataclass(frozen=True)
class Answer:
    """Status and headers (`head`), and the whole decoded body."""

    head: httpx.Response
    body: bytes


async def read_body(response: httpx.Response) -> bytes:
    """The decoded body. Raises `DayError` when it is larger than any page."""
    parts: list[bytes] = []
    size = 0
    async for part in response.aiter_bytes():
        size += len(part)
        if size > MAX_BYTES:
            limit = MAX_BYTES // 2**20
            raise DayError(
                f"the reply is larger than {limit} MiB, too large for a page"
            )
        parts.append(part)
    return b"".join(parts)


def describe(answer: Answer, redacted: Callable[[str], str]) -> str:
    """Status, the API's message and the request's id, on one line."""
    head = answer.head
    if head.has_redirect_location:
        host = httpx.URL(head.headers["location"]).host or "another path"
        return f"{head.status_code} redirect to {host}, which is not followed"
    try:
        body = json.loads(answer.body)
        error = body["error"]
        words, request = f"{error['type']}: {error['message']}", body.get("request_id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        words, request = head.reason_phrase or "no JSON body", None
    request = head.headers.get("request-id") or request or "unknown"
    said = " ".join(redacted(f"{head.status_code} {words}").split())[:400]
    return f"{said} (request id {redacted(request)})"


def retry_after(response: httpx.Response) -> float:
    """Seconds to wait by the Retry-After header, in either of HTTP's two forms."""
    value = response.headers.get("retry-after", "")
    with contextlib.suppress(ValueError):
        return max(0, float(value))  # in this order: max(0, nan) is 0
    with contextlib.suppress(ValueError):
        moment = email.utils.parsedate_to_datetime(value)
        return max(moment.timestamp() - time.time(), 0)
    return 0


def moment_of(response: httpx.Response) -> datetime | None:
    """When the reply was sent, by the server's clock; None if it does not say."""
    with contextlib.suppress(ValueError):
        moment = email.utils.parsedate_to_datetime(response.headers.get("date", ""))
        return moment.replace(tzinfo=moment.tzinfo or UTC)
    return None
