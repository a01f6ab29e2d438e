"""The fake API keeps the contract of the real one, over real HTTP."""

import datetime as dt
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from email.utils import parsedate_to_datetime

import httpx
import pytest

from anthropic_admin_api.fake import (
    DEMO_API_KEY,
    PATH,
    FakeApi,
    Response,
    error,
    organisation,
)
from processes import interruptible

DAY = "2026-09-01"
HEADERS = {"x-api-key": DEMO_API_KEY, "anthropic-version": "2023-06-01"}


def numbered(count):
    return lambda day: [{"date": f"{day}T00:00:00Z", "n": n} for n in range(count)]


@pytest.fixture
def api():
    with FakeApi(numbered(45)) as server:
        yield server


@pytest.fixture
def client(api):
    with httpx.Client(base_url=api.url, headers=HEADERS, timeout=5) as client:
        yield client


def get(client, headers=None, path=PATH, **params):
    return client.get(path, params={"starting_at": DAY, **params}, headers=headers)


def pages(client, **params):
    """Every reply of one day, following its cursors."""
    replies = [get(client, **params).json()]
    while replies[-1]["has_more"]:
        replies.append(get(client, page=replies[-1]["next_page"], **params).json())
    return replies


def numbers(replies):
    return [record["n"] for reply in replies for record in reply["data"]]


# paging


def test_a_day_comes_in_pages(client):
    """Following the cursors gives every record once, in order."""
    replies = pages(client, limit=20)

    assert [20, 20, 5] == [len(reply["data"]) for reply in replies]
    assert list(range(45)) == numbers(replies)
    assert {"data", "has_more", "next_page"} == set(replies[0])
    assert (False, None) == (replies[-1]["has_more"], replies[-1]["next_page"])


@pytest.mark.parametrize("limit", [45, 46, 1000])
def test_a_full_page_is_the_last_one(client, limit):
    """A day that just fits its page has no empty page after it."""
    assert [45] == [len(reply["data"]) for reply in pages(client, limit=limit)]


def test_a_page_has_twenty_records_unless_told(client):
    """The default limit is small, as the API's is."""
    assert 20 == len(get(client).json()["data"])


def test_a_day_without_records_is_an_answer(api, client):
    """No usage is 200 with no data."""
    api.usage = numbered(0)

    reply = get(client)

    expected = {"data": [], "has_more": False, "next_page": None}

    assert (200, expected) == (reply.status_code, reply.json())


def test_without_a_usage_it_is_the_made_up_organisation():
    """Its records are those of `organisation.usage`."""
    with FakeApi() as api, httpx.Client(base_url=api.url, headers=HEADERS) as client:
        data = get(client, limit=1000).json()["data"]

    assert organisation.usage(dt.date.fromisoformat(DAY)) == data


def test_a_day_can_change_between_two_sequences(api, client):
    """A sequence keeps the records of its first page; the next one has the change."""
    first = get(client, limit=40).json()
    api.usage = numbered(3)
    rest = get(client, limit=40, page=first["next_page"]).json()

    assert list(range(45)) == numbers([first, rest])
    assert list(range(3)) == numbers(pages(client, limit=40))


def test_sequences_of_several_days_can_run_side_by_side(api, client):
    """A cursor keeps its place, whatever is called in between."""
    first = get(client, limit=40).json()
    api.usage = numbered(3)
    get(client, limit=40, starting_at="2026-08-31")
    get(client, limit=40, starting_at="2026-08-30")
    rest = get(client, limit=40, page=first["next_page"]).json()

    assert list(range(45)) == numbers([first, rest])


@pytest.mark.parametrize("other", [{"starting_at": "2026-08-31"}, {"limit": 20}])
def test_a_cursor_is_bound_to_its_day_and_limit(client, other):
    """A cursor used with another day or limit is refused."""
    cursor = get(client, limit=10).json()["next_page"]

    reply = get(client, page=cursor, **{"limit": 10, **other})

    assert_error(reply, 400, "invalid_request_error", "page")


@pytest.mark.parametrize("page", ["", "2", "page_Mw==", "page_e30=", "page_é"])
def test_a_made_up_cursor_is_refused(client, page):
    """An invalid cursor is the client's error (400), not the server's."""
    assert_error(get(client, page=page), 400, "invalid_request_error", "page")


def test_a_cursor_of_another_server_is_refused(client):
    """A cursor of an earlier server is stale, not an empty last page."""
    with FakeApi(numbered(30)) as other:
        cursor = httpx.get(
            other.url + PATH, params={"starting_at": DAY}, headers=HEADERS
        ).json()["next_page"]

    assert_error(get(client, page=cursor), 400, "invalid_request_error", "page")


# errors


def assert_error(reply, status, kind, word):
    body = reply.json()

    assert status == reply.status_code
    assert {"type", "error", "request_id"} == set(body)
    assert ("error", kind) == (body["type"], body["error"]["type"])
    assert reply.headers["request-id"] == body["request_id"]
    assert body["request_id"].startswith("req_")
    assert word in body["error"]["message"]


@pytest.mark.parametrize(
    ("key", "status", "kind", "word"),
    [
        (None, 401, "authentication_error", "x-api-key"),
        ("sk-ant-admin-other", 401, "authentication_error", "x-api-key"),
        ("sk-ant-api03-ordinary", 403, "permission_error", "Admin"),
    ],
)
def test_only_its_admin_key_is_admitted(api, key, status, kind, word):
    """No key, another key and an ordinary key are refused, each as the API does."""
    headers = {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})

    reply = httpx.get(api.url + PATH, params={"starting_at": DAY}, headers=headers)

    assert_error(reply, status, kind, word)


def test_the_accepted_key_can_be_chosen():
    """With another key set, the demo's key is refused."""
    with FakeApi(numbered(1), api_key="sk-ant-admin-mine") as api:
        url = f"{api.url}{PATH}?starting_at={DAY}"
        mine = httpx.get(url, headers=HEADERS | {"x-api-key": "sk-ant-admin-mine"})
        demo = httpx.get(url, headers=HEADERS)

    assert (200, 401) == (mine.status_code, demo.status_code)


def test_the_version_header_is_required(api):
    """A request without anthropic-version gets 400."""
    url = f"{api.url}{PATH}?starting_at={DAY}"

    reply = httpx.get(url, headers={"x-api-key": DEMO_API_KEY})

    assert_error(reply, 400, "invalid_request_error", "anthropic-version")


@pytest.mark.parametrize(
    "text", ["", "yesterday", "20260901", "2026-9-1", "2026-02-30", "2026-W36-2"]
)
def test_a_day_is_written_in_one_way(client, text):
    """Only YYYY-MM-DD, and only days that exist."""
    reply = get(client, starting_at=text)

    assert_error(reply, 400, "invalid_request_error", "starting_at")


def test_a_day_is_required(client):
    """There is no default day."""
    assert_error(client.get(PATH), 400, "invalid_request_error", "starting_at")


def test_the_future_is_refused(api, client):
    """The last allowed day is today in UTC, by the server's clock."""
    evening = dt.timezone(-dt.timedelta(hours=5))
    api.now = lambda: dt.datetime(2026, 8, 31, 20, 0, tzinfo=evening)

    tomorrow = get(client, starting_at="2026-09-02")

    assert 200 == get(client, starting_at="2026-09-01").status_code
    assert_error(tomorrow, 400, "invalid_request_error", "starting_at")


@pytest.mark.parametrize("limit", [0, 1001, -1, "many", ""])
def test_a_limit_is_between_one_and_a_thousand(client, limit):
    """Anything else is refused, not rounded."""
    assert_error(get(client, limit=limit), 400, "invalid_request_error", "limit")


def test_an_unknown_path_is_not_found(client):
    """As the API has it of an endpoint that there is not."""
    reply = get(client, path="/v1/organizations/nothing")

    assert_error(reply, 404, "not_found_error", "Not found")


# the wire


def test_a_reply_says_what_it_is(api, client):
    """Each reply has its own request id, JSON, and the server's clock in `Date`."""
    api.now = lambda: dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
    first, second = get(client), get(client)

    assert "application/json" == first.headers["content-type"]
    assert api.now() == parsedate_to_datetime(first.headers["date"])
    assert first.headers["request-id"] != second.headers["request-id"]


def test_a_connection_is_kept_and_nothing_waits_on_it(client):
    """A hundred calls on one connection do not wait for delayed ACKs."""
    get(client)
    started = time.monotonic()
    streams = {id(get(client).extensions["network_stream"]) for _ in range(100)}

    assert 1 == len(streams)
    assert time.monotonic() - started < 2


def test_several_requests_are_answered_at_once(api):
    """Eight requests are in progress at once: each waits for the others."""
    barrier = threading.Barrier(8, timeout=5)
    api.fault = lambda request: barrier.wait() and None
    url = f"{api.url}{PATH}?starting_at={DAY}"

    with ThreadPoolExecutor(8) as pool:
        replies = list(pool.map(lambda _: httpx.get(url, headers=HEADERS), range(8)))

    assert [200] * 8 == [reply.status_code for reply in replies]


def test_calls_are_kept(api, client):
    """`calls` has path, query and headers of each request."""
    get(client, limit=7)
    (call,) = api.calls

    assert f"{PATH}?starting_at={DAY}&limit=7" == call.target
    assert (PATH, {"starting_at": DAY, "limit": "7"}) == (call.path, call.query)
    assert DEMO_API_KEY == call.headers["x-api-key"]


def test_after_the_end_nobody_answers(capfd):
    """Neither a new nor a kept connection gets an answer, and nothing is printed."""
    with FakeApi() as api:
        client = httpx.Client(base_url=api.url, headers=HEADERS)
        get(client)

    with pytest.raises(httpx.TransportError):
        get(client)
    with pytest.raises(httpx.ConnectError):
        httpx.get(api.url)
    assert ("", "") == capfd.readouterr()


def test_a_port_can_be_chosen():
    """The same port can be used again at once."""
    with FakeApi() as api:
        httpx.get(api.url, headers={"connection": "close"})  # the server closes first
        port = int(api.url.rsplit(":", 1)[1])

    with FakeApi(port=port) as again:
        assert f"http://127.0.0.1:{port}" == again.url
        with pytest.raises(OSError, match="in use"):
            FakeApi(port=port)


SERVER = (
    "from anthropic_admin_api.fake import FakeApi\n"
    "api = FakeApi(); print(api.url, flush=True); api.serve_forever()"
)


@contextmanager
def serving(start):
    """The server's process, started by `start`, and its address; ended at exit."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with start([sys.executable, "-c", SERVER], **pipes, text=True) as process:
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.skipif(os.name == "nt", reason="there, SIGINT cannot be sent to a child")
@pytest.mark.process
@pytest.mark.usefixtures("in_the_background")
def test_the_server_of_the_command_line_ends_on_ctrl_c():
    """It serves until interrupted, then ends at once, with success and silently."""
    with serving(interruptible) as (process, url):
        reply = httpx.get(f"{url}{PATH}?starting_at={DAY}", headers=HEADERS)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=5)

    assert 200 == reply.status_code
    assert (0, "", "") == (process.returncode, out, err)


@pytest.mark.skipif(os.name == "nt", reason="there, SIGINT cannot be sent to a child")
@pytest.mark.process
@pytest.mark.usefixtures("in_the_background")
def test_the_server_in_the_background_of_a_script_ends_on_sigterm_alone():
    """It ignores a Ctrl-C for the script."""
    with serving(subprocess.Popen) as (process, url):
        process.send_signal(signal.SIGINT)
        reply = httpx.get(f"{url}{PATH}?starting_at={DAY}", headers=HEADERS)
        process.terminate()
        process.communicate(timeout=5)

    assert 200 == reply.status_code
    assert -signal.SIGTERM == process.returncode


# faults


def test_a_fault_comes_before_the_answer(api, client):
    """A fault's response is sent as it is; for None the regular answer is sent."""
    faults = [Response(502, {"content-type": "text/html"}, b"<h1>Bad</h1>"), None]
    api.fault = lambda request: faults.pop(0)
    first, second = get(client), get(client)

    assert (502, "<h1>Bad</h1>") == (first.status_code, first.text)
    assert "text/html" == first.headers["content-type"]
    assert 200 == second.status_code


def test_an_error_of_the_api_can_be_injected(api, client):
    """`error` makes any status, with extra headers."""
    api.fault = lambda request: error(429, "Slow down", {"retry-after": "7"})

    reply = get(client)

    assert "7" == reply.headers["retry-after"]
    assert_error(reply, 429, "rate_limit_error", "Slow down")


@pytest.mark.parametrize("cut_after", [0, 100])
def test_a_connection_can_be_cut_inside_the_body(api, client, cut_after):
    """The regular answer is cut; the next request opens a new connection."""
    api.fault = lambda request: replace(api.answer(request), cut_after=cut_after)

    with pytest.raises(httpx.RemoteProtocolError, match="peer closed"):
        get(client)
    api.fault = None

    assert 200 == get(client).status_code


def test_an_answer_can_stall(api, client):
    """The answer comes after the given seconds."""
    api.fault = lambda request: replace(api.answer(request), stall=0.3)

    with pytest.raises(httpx.ReadTimeout):
        client.get(PATH, params={"starting_at": DAY}, timeout=0.1)

    assert 200 == get(client).status_code


def test_a_stalled_answer_does_not_hold_up_the_end():
    """The server ends at once, also while an answer stalls."""
    with FakeApi(fault=lambda request: Response(stall=60)) as api:
        url = f"{api.url}{PATH}?starting_at={DAY}"
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(url, headers=HEADERS, timeout=0.1)
        started = time.monotonic()

    assert time.monotonic() - started < 1


def test_a_client_that_hangs_up_is_no_news(api, client, capfd):
    """A connection reset prints nothing; an error of a hook is printed."""
    with socket.create_connection(("127.0.0.1", int(api.url.rsplit(":", 1)[1]))) as raw:
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"  # close sends a reset
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        raw.sendall(b"GET / HTTP/1.1\r\n")
    get(client)

    assert "" == capfd.readouterr().err

    api.fault = lambda request: 1 / 0
    with pytest.raises(httpx.RemoteProtocolError):
        get(client)

    assert "ZeroDivisionError" in capfd.readouterr().err
