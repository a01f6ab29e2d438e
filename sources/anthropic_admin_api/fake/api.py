"""A stand-in for the endpoints of Anthropic's Admin API, over real HTTP.

    with FakeApi() as api:
        httpx.get(api.url + PATH, params={"starting_at": "2026-09-01"}, headers=...)

It follows their contracts: keys, versions, limits, cursors, the shape of
errors. The contract does not define two answers, so they are our choice: a future day
is refused (400), and a cursor is valid as long as the server runs. Unlike the API, it
does not leave the last hour out of today.
"""

import base64
import datetime as dt
import hashlib
import json
import sys
import threading
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingTCPServer
from typing import Any, Self

from . import organisation
from .lists import limit_of
from .neighbours import ROOT, Neighbours, of_nobody
from .refusal import RefusedError
from .request import Request

DEMO_API_KEY = "sk-ant-admin-demo"
PATH = "/v1/organizations/usage_report/claude_code"
DEFAULT_LIMIT, MAX_LIMIT = 20, 1000

ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    429: "rate_limit_error",
    500: "api_error",
    504: "timeout_error",
    529: "overloaded_error",
}


@dataclass(frozen=True)
class Response:
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    stall: float = 0  # seconds of silence before the first byte
    cut_after: int | None = None  # bytes of the body sent before the connection is cut


Fault = Callable[[Request], Response | None]
Usage = Callable[[dt.date], list[dict[str, Any]]]


def error(
    status: int, message: str, headers: Mapping[str, str] | None = None
) -> Response:
    """An error in the API's shape, with the id in the body and in `request-id`."""
    head = _headers()
    reply = {
        "type": "error",
        "error": {"type": ERROR_TYPES.get(status, "api_error"), "message": message},
        "request_id": head["request-id"],
    }
    return Response(status, {**head, **(headers or {})}, json.dumps(reply).encode())


def _headers() -> dict[str, str]:
    request_id = f"req_{uuid.uuid4().hex[:24]}"
    return {"content-type": "application/json", "request-id": request_id}


class FakeApi:
    """The server: bound to 127.0.0.1 when created, answering inside `with`.

    usage: returns the records of a day. Called for each first page, possibly from
        several threads; later pages come from the same result.
    port: 0 takes a free one; a port in use raises OSError.
    now: the server's clock, for the `Date` header and for refusing future days.
    fault: called before each answer. Its response is sent instead; None sends the
        regular answer. A fault can change the regular answer by calling `answer`.
    neighbours: what the endpoints of further reports tell of the same organisation.
    more: by further Admin keys, and by OAuth tokens as `Bearer ...`, the records of
        other organisations, like `usage`. Of these, endpoints of further reports
        tell nothing but an id.
    calls: every request so far, in the order of arrival.
    All but the port may be changed while the server runs.
    """

    def __init__(
        self,
        usage: Usage = organisation.usage,
        *,
        api_key: str = DEMO_API_KEY,
        port: int = 0,
        now: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
        fault: Fault | None = None,
    ) -> None:
        self.usage, self.api_key, self.now, self.fault = usage, api_key, now, fault
        self.neighbours = Neighbours()
        self.more: dict[str, Usage] = {}
        self.calls: list[Request] = []
        self.closing = threading.Event()
        self._days: dict[str, list[str]] = {}  # digest -> the records' JSON texts
        handler = type("Handler", (_Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", port), handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        poll = 0.01  # seconds until the end of `with` is noticed
        serve = self._server.serve_forever
        threading.Thread(target=serve, args=(poll,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()

    def serve_forever(self) -> None:
        """Answer in this thread until Ctrl-C, which ends it without an error."""
        with self._server, suppress(KeyboardInterrupt):
            self._server.serve_forever()

    def respond(self, request: Request) -> Response:
        """What to send: the fault's response if there is one, else the answer."""
        self.calls.append(request)
        return (self.fault and self.fault(request)) or self.answer(request)

    def answer(self, request: Request) -> Response:
        """The regular answer, without `fault`."""
        try:
            key, usage = self._admit(request)
            if request.path == PATH:
                body = self._page(request.query, usage)
            else:
                body = json.dumps(self._neighbours(key).answer(request, self.now()))
            return Response(200, _headers(), body.encode())
        except RefusedError as refused:
            return error(refused.status, str(refused))

    def _neighbours(self, key: str) -> Neighbours:
        return self.neighbours if key == self.api_key else of_nobody(key)

    def _admit(self, request: Request) -> tuple[str, Usage]:
        """The key or the token, and the records of whom it belongs to."""
        key = request.headers.get("x-api-key") or request.headers.get("authorization")
        if not request.path.startswith(f"{ROOT}/"):
            raise RefusedError(404, "Not found")
        if key is None:
            raise RefusedError(401, "x-api-key header is required")
        if key.startswith("sk-ant-api"):
            raise RefusedError(403, "This endpoint needs an Admin API key")
        usage = (self.more | {self.api_key: self.usage}).get(key)
        if usage is None:
            raise RefusedError(401, "invalid x-api-key")
        if "anthropic-version" not in request.headers:
            raise RefusedError(400, "anthropic-version: header is required")
        return key, usage

    def _page(self, query: Mapping[str, str], usage: Usage) -> str:
        day, limit = self._day(query), limit_of(query, DEFAULT_LIMIT, MAX_LIMIT)
        if "page" in query:
            digest, start = self._place(query["page"], day, limit)
        else:
            digest, start = self._keep(usage(day)), 0
        records, end = self._days[digest], start + limit
        cursor = _cursor(day, limit, digest, end) if end < len(records) else None
        data = ",".join(records[start:end])
        more = json.dumps({"has_more": cursor is not None, "next_page": cursor})
        return f'{{"data":[{data}],{more[1:]}'

    def _keep(self, told: list[dict[str, Any]]) -> str:
        """Keep records by content: asking for the same day again takes no memory."""
        records = [json.dumps(record) for record in told]
        digest = hashlib.sha256("".join(records).encode()).hexdigest()[:16]
        self._days[digest] = records
        return digest

    def _place(self, page: str, day: dt.date, limit: int) -> tuple[str, int]:
        try:
            cursor_day, cursor_limit, digest, start = _read_cursor(page)
        except (ValueError, TypeError):
            raise RefusedError(400, "page: not a cursor of this endpoint") from None
        if (cursor_day, cursor_limit) != (str(day), limit):
            raise RefusedError(400, "page: made for another starting_at or limit")
        if digest not in self._days:
            raise RefusedError(400, "page: made before this server started")
        return digest, start

    def _day(self, query: Mapping[str, str]) -> dt.date:
        text = query.get("starting_at", "")
        with suppress(ValueError):
            day = dt.date.fromisoformat(text)
            if day > self.now().astimezone(dt.UTC).date():
                raise RefusedError(400, "starting_at: must not be in the future")
            if day.isoformat() == text:
                return day
        raise RefusedError(400, "starting_at: must be a date as in 2025-09-01")


def _cursor(day: dt.date, limit: int, digest: str, start: int) -> str:
    text = json.dumps([str(day), limit, digest, start])
    return "page_" + base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(page: str) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(base64.urlsafe_b64decode(page.removeprefix("page_")))


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True  # an open connection must not delay the end
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as socketserver has it
        """Ignore a client that hangs up; show the error of a hook."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    api: FakeApi
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the ACK of its head

    def do_GET(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        response = self.api.respond(Request(self.path, headers))
        self.api.closing.wait(response.stall)
        if self.api.closing.is_set():
            self.close_connection = True
        else:
            self._send(response)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body[: response.cut_after])
        if response.cut_after is not None:
            self.close_connection = True

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(timestamp or self.api.now().timestamp())

    def log_message(self, *_: object) -> None:
        """Print nothing: only the command line prints."""
