"""BigQuery's REST service on this machine: an emulator behind a correcting proxy.

It shows what we send to BigQuery and how we handle its answers. It does not show that
BigQuery accepts our SQL: the emulator runs the SQL on DuckDB.
"""

import gzip
import json
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

PROJECT = "an-organisation"
LOCATION = "EU"
PYTHON = Path(__file__).parents[1] / ".venv-bigquery" / "bin" / "python"
PROGRAM = Path(__file__).with_name("emulator_process.py")
CUT = -1  # a status: the connection ends before the request is carried out
LOST = -2  # ... or after it

TROUBLE = "Access Denied: as the test says"
NO_ACCOUNT = "Invalid grant: account not found"
STATUSES = {
    "accessDenied": 403,
    "notFound": 404,
    "duplicate": 409,
    "backendError": 503,
}
PASSED_ON = ("content-type", "content-range", "host", "range", "authorization")


@dataclass(frozen=True)
class Sent:
    """A request as the client sent it; `body` is its JSON, {} where there is none."""

    method: str
    path: str
    body: dict[str, Any]

    @property
    def sql(self) -> str:
        """The statement or script of a query; empty in all other requests."""
        config = self.body.get("configuration", {}).get("query", self.body)
        return str(config.get("query", ""))


class Service(ThreadingHTTPServer):
    """The proxy. `sent` holds all requests; `trouble` may answer with a status."""

    daemon_threads = True

    def __init__(self, emulator: int) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.emulator = emulator
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.key = _private_key()
        self.reset()

    def reset(self) -> None:
        """Forget what was sent, and answer everything."""
        self.knows_account = True
        self.sent: list[Sent] = []
        self.trouble: Callable[[Sent], int | None] = lambda _: None

    def environment(self) -> dict[str, str]:
        """A user's settings, and the address of the service."""
        account = {
            "type": "service_account",
            "project_id": PROJECT,
            "private_key_id": "1",
            "private_key": self.key,
            "client_email": f"loader@{PROJECT}.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/token",
        }
        return {
            "BIGQUERY_EMULATOR_HOST": self.url,
            "DESTINATION__BIGQUERY__CREDENTIALS": json.dumps(account),
            "DESTINATION__BIGQUERY__LOCATION": LOCATION,
            # the client also asks Google about the account: refused here
            "HTTPS_PROXY": self.url,
        }

    def token(self) -> tuple[int, dict[str, str], bytes]:
        """The reply to an account that presents its key."""
        if not self.knows_account:
            refusal = {"error": "invalid_grant", "error_description": NO_ACCOUNT}
            return 400, {}, json.dumps(refusal).encode()
        token = {"access_token": "t", "token_type": "Bearer", "expires_in": 3600}
        return 200, {}, json.dumps(token).encode()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore a client that hangs up; show all other errors."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: Service
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else a body waits 40 ms for the ACK of its head

    def handle_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/token":
            return self._send(*self.server.token())
        sent = Sent(self.command, self.path, _as_json(self.headers, body))
        self.server.sent.append(sent)
        trouble = self.server.trouble(sent)
        if trouble and trouble > 0:
            reason = {status: reason for reason, status in STATUSES.items()}[trouble]
            return self._send(trouble, {}, _error(trouble, TROUBLE, reason))
        self.close_connection = trouble in (CUT, LOST)
        answer = self._relayed(body) if trouble != CUT else None
        return None if trouble else self._send(*_honest(sent, *answer))

    do_GET = do_POST = do_PUT = do_DELETE = handle_any  # noqa: N815 (http.server's)

    def _relayed(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        headers = {
            name: value
            for name, value in self.headers.items()
            if name.lower() in PASSED_ON or name.lower().startswith("x-upload")
        }
        if body[:2] == b"\x1f\x8b":  # the emulator cannot read compressed bodies
            body = gzip.decompress(body)
            headers["content-range"] = f"bytes 0-{len(body) - 1}/{len(body)}"
        connection = HTTPConnection("127.0.0.1", self.server.emulator, timeout=60)
        connection.request(self.command, self.path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        connection.close()
        kept = {"location", "range", "content-type", "x-goog-upload-status"}
        told = {k: v for k, v in response.headers.items() if k.lower() in kept}
        return response.status, told, answer

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in ({"content-type": "application/json"} | headers).items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


def _as_json(headers: Any, body: bytes) -> dict[str, Any]:
    is_json = headers.get("content-type", "").startswith("application/json")
    return dict(json.loads(body)) if is_json and body else {}


def _honest(
    sent: Sent, status: int, headers: dict[str, str], answer: bytes
) -> tuple[int, dict[str, str], bytes]:
    """A failed query answers with its error's status instead of 200."""
    if status != 200 or not sent.sql:
        return status, headers, answer
    reply = json.loads(answer)
    failed = reply.get("errors") or reply.get("status", {}).get("errors")
    if not failed:
        return status, headers, answer
    reason, message = failed[0]["reason"], failed[0]["message"]
    status = STATUSES.get(reason, 400)
    return status, {}, _error(status, message, reason)


def _error(status: int, message: str, reason: str) -> bytes:
    errors = [{"reason": reason, "message": message, "domain": "global"}]
    error = {"code": status, "message": message, "errors": errors}
    return json.dumps({"error": error}).encode()


def _private_key() -> str:
    key = rsa.generate_private_key(65537, 2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return key.private_bytes(*form).decode()


@contextmanager
def service(folder: Path) -> Iterator[Service]:
    """The running service, empty; its files are in `folder`."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "HOME": str(folder),
        "BQEMU_UPLOAD_STAGING_DIR": str(folder / "uploads"),
        "BQEMU_ENABLE_FORMAT_EXTENSIONS": "false",
        "BQEMU_LOG_LEVEL": "warning",
    }
    words = [PYTHON, PROGRAM, "start", "--rest-port", str(port), "--grpc-port", "0"]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            words, cwd=folder, env=os.environ | settings, stdout=log, stderr=log
        )
    try:
        _wait(process, port, folder / "log")
        with Service(port) as proxy:
            threading.Thread(target=proxy.serve_forever, args=(0.01,)).start()
            yield proxy
            proxy.shutdown()
    finally:
        process.terminate()
        process.wait()


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    """Wait until the emulator listens; otherwise raise its log."""
    deadline = time.monotonic() + 60
    while process.poll() is None and time.monotonic() < deadline:
        with suppress(ConnectionError):
            socket.create_connection(("127.0.0.1", port)).close()
            return
        time.sleep(0.05)
    raise RuntimeError(log.read_text())
