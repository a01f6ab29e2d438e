"""The client: whole days or reasons, bounded waits, and a secret key."""

import email.utils
import math
import re
import socket
import threading
import time
import zlib
from contextlib import closing, contextmanager, suppress
from datetime import timedelta
from importlib.metadata import metadata

import anyio
import httpx
import pytest

from anthropic_admin_api.fake import FakeApi, Response
from api import (
    DAY,
    EXAMPLE,
    KEY,
    Script,
    emails,
    fetch,
    fetch_days,
    fetch_one,
    page,
    refusal,
    settings,
    user,
)
from claude_code_analytics import CredentialsError
from claude_code_analytics.client import PATH

DAYS = [DAY + timedelta(days=n) for n in range(40)]
OVERLOADED = refusal(529, "Overloaded")
MEGABYTE = b" " * 2**20


@contextmanager
def served(records=(EXAMPLE,), **hooks):
    """The fake API over real HTTP, with a day of these records."""
    with FakeApi(lambda _: list(records), api_key=KEY, **hooks) as api:
        yield api


def fetch_from(url, *days, **given):
    return list(fetch_days(days or [DAY], settings(base_url=url, **given)))


# calls


def test_a_call_asks_for_one_day_in_large_pages():
    """Path, day and limit; the key, the API's version and the user agent."""
    api = Script(page(EXAMPLE))
    fetch(api, base_url="https://api.example")
    (call,) = api.calls

    expected = f"https://api.example{PATH}?starting_at=2025-09-01&limit=1000"
    about = metadata("ccwarehouse")
    home = about["Project-URL"].removeprefix("Homepage, ")

    assert ("GET", expected) == (call.method, str(call.url))
    assert (KEY, "2023-06-01") == (
        call.headers["x-api-key"],
        call.headers["anthropic-version"],
    )
    agent = f"ccwarehouse/{about['Version']} (+{home})"
    assert agent == call.headers["user-agent"]


def test_a_base_url_may_have_a_path():
    """A proxy may serve the API below a path."""
    api = Script(page())
    fetch(api, base_url="https://proxy.example/anthropic/")

    assert f"/anthropic{PATH}" == api.calls[0].url.path


def test_pages_follow_their_cursors():
    """Three pages in order, under the same day and limit."""
    api = Script(
        page(user("a"), next_page="p/1=="),
        page(next_page="p 2"),
        page(user("b"), user("c")),
    )
    outcome = fetch_one(api)

    assert (["a", "b", "c"], 3) == (emails(outcome), outcome.content.pages)
    assert [None, "p/1==", "p 2"] == api.asked("page")
    assert {"2025-09-01"} == set(api.asked("starting_at"))
    assert {"1000"} == set(api.asked("limit"))


@pytest.mark.parametrize(("count", "pages"), [(0, 1), (1000, 1), (1001, 2), (2500, 3)])
def test_a_day_of_any_size_comes_whole(count, pages):
    """No record, exactly one full page, one more, three pages: over real HTTP."""
    names = [f"u{n}" for n in range(count)]
    with served([user(name) for name in names]) as api:
        (outcome,) = fetch_from(api.url)

    assert (None, pages, pages) == (
        outcome.error,
        outcome.content.pages,
        len(api.calls),
    )
    assert names == emails(outcome)


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        ([page(next_page="")], "has_more but gives no next_page"),
        (
            [{"status_code": 200, "json": {"data": [], "has_more": True}}],
            "has_more but gives no next_page",
        ),
        ([page(next_page="a")], "repeats a page cursor"),
        (
            [page(next_page=name) for name in "aba"],
            "repeats a page cursor",
        ),
        (
            [page(next_page="a"), page(user("b"), EXAMPLE | {"date": "2025-09-02"})],
            "holds",
        ),
        ([page(next_page="a"), {"status_code": 200, "json": {}}], "no `data`"),
    ],
    ids=["no cursor", "null cursor", "repeated", "cycle", "another day", "no data"],
)
def test_broken_paging_fails_the_day(steps, reason):
    """Neither an endless sequence nor a part of a day counts as the day."""
    api = Script(*steps)
    outcome = fetch_one(api)

    assert outcome.content is None
    assert reason in outcome.error
    assert len(api.calls) <= 3


def test_pages_of_nothing_end():
    """New cursors without end, and never a record: the day fails."""
    calls = []

    def handler(request):
        calls.append(request)
        return httpx.Response(**page(next_page=f"{len(calls)}"))

    assert "100 pages in a row were empty" in fetch_one(handler).error
    assert 100 == len(calls)


def test_pages_without_end_end(monkeypatch):
    """A few records do not make endless pages acceptable."""
    monkeypatch.setattr("anthropic_admin_api.cursors.MAX_PAGES", 7)
    monkeypatch.setattr("anthropic_admin_api.cursors.MAX_EMPTY_PAGES", 2)
    calls = []

    def handler(request):
        calls.append(request)
        records = [EXAMPLE] * (len(calls) % 2)
        return httpx.Response(**page(*records, next_page=f"{len(calls)}"))

    assert "the day has more than 7 pages" == fetch_one(handler).error
    assert 7 == len(calls)


def test_a_day_may_have_as_many_pages_as_the_bounds_say(monkeypatch):
    """The last allowed page still counts, and so do a few empty ones."""
    monkeypatch.setattr("anthropic_admin_api.cursors.MAX_PAGES", 4)
    monkeypatch.setattr("anthropic_admin_api.cursors.MAX_EMPTY_PAGES", 3)
    api = Script(
        *[page(next_page=name) for name in "ab"], page(user("x"), next_page="c"), page()
    )

    assert (["x"], 4) == (emails(got := fetch_one(api)), got.content.pages)


def test_a_day_without_end_ends_in_time(monkeypatch):
    """Slow pages cost no patience, but a day may take at most an hour."""
    monkeypatch.setattr("anthropic_admin_api.client.MAX_MINUTES", 0)

    async def slow(request):
        await anyio.sleep(0.05)
        cursor = int(request.url.params.get("page", 0)) + 1
        return httpx.Response(**page(EXAMPLE, next_page=f"{cursor}"))

    expected = "the day took more than 0 minutes without its waits"

    assert expected == fetch_one(slow, max_wait=0.5).error


# a cursor that went stale


@pytest.mark.parametrize(
    "stale",
    [
        refusal(410, "gone"),
        refusal(400, "page: made before this server started"),
        refusal(400, "Invalid `page` parameter"),
        refusal(400, "Cursor expired"),
    ],
)
def test_a_stale_cursor_starts_the_day_again(stale):
    """The day starts at its first page, and the earlier pages are dropped."""
    api = Script(
        page(user("old"), next_page="a"),
        page(user("older"), next_page="b"),
        stale,
        page(user("new"), next_page="c"),
        page(user("newer")),
    )
    outcome = fetch_one(api)

    assert (["new", "newer"], 2) == (emails(outcome), outcome.content.pages)
    assert [None, "a", "b", None, "c"] == api.asked("page")


def test_the_same_cursor_may_come_again_after_a_restart():
    """Only cursors of the new sequence count as repeated."""
    steps = [page(next_page="a"), refusal(410), page(next_page="a"), page(user("x"))]

    assert ["x"] == emails(fetch_one(Script(*steps)))


def test_endless_staleness_ends():
    """After some restarts the day fails."""
    api = Script(*[page(next_page="a"), refusal(410)] * 50)
    outcome = fetch_one(api)

    assert "the page cursor went stale 6 times" == outcome.error
    assert 12 == len(api.calls)


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        (refusal(410, "retired"), "410 an_error: retired"),
        (refusal(400, "page size too large"), "400 an_error: page size too large"),
    ],
)
def test_without_a_cursor_nothing_is_stale(step, reason):
    """The first page has no cursor: its error fails the day."""
    api = Script(step)

    assert fetch_one(api).error.startswith(reason)
    assert 1 == len(api.calls)


def test_another_400_with_a_cursor_fails_the_day():
    """Only an error about the cursor starts the day again."""
    api = Script(page(next_page="a"), refusal(400, "starting_at: too old"))

    assert "400 an_error: starting_at: too old" in fetch_one(api).error
    assert 2 == len(api.calls)


# refusals


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_key_ends_the_run(status):
    """The message says which key is needed, the API's message and the request's id."""
    api = Script(refusal(status, "invalid x-api-key"))
    with pytest.raises(CredentialsError) as refused:
        fetch(api, *DAYS, concurrency=1)

    assert "needs an Admin API key (sk-ant-admin...)" in str(refused.value)
    assert f"{status} an_error: invalid x-api-key" in str(refused.value)
    assert "(request id req_1)" in str(refused.value)
    assert 1 == len(api.calls)


@pytest.mark.parametrize("status", [400, 402, 404, 413, 418, 204, 206, 304])
def test_what_will_not_heal_fails_the_day_at_once(status):
    """The reason holds the status, the API's own message and the request's id."""
    api = Script(refusal(status, "it is\n so", request_id="req_head"))

    expected = f"{status} an_error: it is so (request id req_head)"

    assert expected == fetch_one(api).error
    assert 1 == len(api.calls)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"<html>", "404 Not Found (request id unknown)"),
        (b"", "404 Not Found (request id unknown)"),
        (b'{"error": "text"}', "404 Not Found (request id unknown)"),
        (b'["error"]', "404 Not Found (request id unknown)"),
        (b'{"error": {"type": "t"}}', "404 Not Found (request id unknown)"),
        (b'{"error": {"type": "t", "message": "m"}}', "404 t: m (request id unknown)"),
        (b"[" * 100_000, "404 Not Found (request id unknown)"),
        (b"\xff", "404 Not Found (request id unknown)"),
    ],
)
def test_an_error_in_any_shape_is_told(content, expected):
    """Proxies send errors in other shapes."""
    assert expected == fetch_one(Script({"status_code": 404, "content": content})).error


def test_a_long_message_is_cut():
    """A reason stays one line."""
    error = fetch_one(Script(refusal(404, "x" * 100_000))).error

    assert len(error) < 500
    assert error.endswith("(request id req_1)")


# what may heal


@pytest.mark.parametrize(
    "step",
    [
        *[refusal(status) for status in (408, 409, 429, 500, 502, 503, 504, 529, 599)],
        refusal(429, retry_after="0"),
        refusal(429, retry_after="0.01"),
        refusal(429, retry_after="soon"),
        refusal(429, retry_after="nan"),
        refusal(429, retry_after="-5"),
        refusal(429, retry_after="Mon, 01 Jan 2024 00:00:00 GMT"),
        refusal(429, retry_after="Mon, 99 Jan 2024 00:00:00 GMT"),
        {"status_code": 200, "content": b"<html>"},
        {"status_code": 200, "content": b'{"data": ['},
        httpx.ConnectError("refused"),
        httpx.ConnectTimeout("slow"),
        httpx.ReadTimeout("slow"),
        httpx.ReadError(""),
        httpx.RemoteProtocolError("cut"),
        httpx.ProxyError("proxy"),
        httpx.PoolTimeout("busy"),
    ],
    ids=str,
)
def test_what_may_heal_is_tried_again(step):
    """Two failures on the second page, and the day is whole all the same."""
    api = Script(page(user("a"), next_page="p"), step, step, page(user("b")))

    assert ["a", "b"] == emails(fetch_one(api))
    assert [None, "p", "p", "p"] == api.asked("page")


def test_patience_has_an_end():
    """The reason is the last one, with the number of tries."""
    api = Script(httpx.ReadError("cut"), OVERLOADED)
    outcome = fetch_one(api, max_wait=0.5, backoff=0.01)

    assert re.fullmatch(
        r"529 an_error: Overloaded \(request id req_1\); tried \d+ times",
        outcome.error,
    )
    assert f"tried {len(api.calls)} times" in outcome.error
    assert len(api.calls) > 1


def test_the_reason_is_why_a_call_was_tried_again():
    """If patience ends during the last try, the reason is that of the try before."""
    calls = []

    async def handler(_):
        calls.append(1)
        await anyio.sleep(0 if len(calls) == 1 else 600)
        return httpx.Response(**OVERLOADED)

    expected = "529 an_error: Overloaded (request id req_1); tried 2 times"

    assert expected == fetch_one(handler, max_wait=0.5).error


@pytest.mark.slow
def test_patience_is_for_the_day_not_for_the_page():
    """All pages of a day share the same patience."""
    waiting = refusal(500, retry_after="0.4")
    steps = [step for name in "abcdef" for step in (waiting, page(next_page=name))]
    outcome = fetch_one(Script(*steps), max_wait=1)

    assert "500 an_error" in outcome.error


@pytest.mark.slow
def test_calls_that_succeed_cost_no_patience():
    """A day of many slow pages is not a day that waits."""

    async def slow(request):
        await anyio.sleep(0.1)
        cursor = int(request.url.params.get("page", 0)) + 1
        return httpx.Response(**page(next_page=str(cursor) if cursor < 20 else None))

    assert (None, 20) == (
        (got := fetch_one(slow, max_wait=1.5)).error,
        got.content.pages,
    )


@pytest.mark.parametrize(
    ("value", "wait"),
    [
        ("9", "9"),
        ("3600", "3,600"),
        ("1e9", "1,000,000,000"),
        ("inf", "inf"),
        ("Fri, 01 Jan 2100 00:00:00 GMT", r"[\d,]+"),
    ],
)
@pytest.mark.parametrize("status", [429, 529])
def test_a_wait_beyond_patience_fails_at_once(status, value, wait):
    """A call that would have to wait too long is not retried; the reason says so."""
    api = Script(refusal(status, "spend cap", retry_after=value))

    assert re.fullmatch(
        rf"{status} an_error: spend cap \(request id req_1\); the API asks to wait "
        rf"{wait} s, longer than max_wait = 8 s allows; tried 1 times",
        fetch_one(api, max_wait=8).error,
    )
    assert 1 == len(api.calls)


def test_a_retry_comes_not_before_its_time():
    """A retry waits for `retry-after` in seconds, whatever the backoff is."""
    times = []

    def handler(_):
        times.append(time.monotonic())
        return httpx.Response(
            **(page() if times[1:] else refusal(503, retry_after="0.3"))
        )

    assert fetch_one(handler).error is None
    assert times[1] - times[0] >= 0.3


@pytest.mark.slow
def test_a_retry_comes_not_before_its_date():
    """A retry waits for `retry-after` as a date."""
    moment = math.ceil(time.time() + 0.2)
    date_text = email.utils.formatdate(moment, usegmt=True)
    times = []

    def handler(_):
        times.append(time.time())
        return httpx.Response(
            **(page() if times[1:] else refusal(429, retry_after=date_text))
        )

    assert fetch_one(handler).error is None
    assert times[1] >= moment


@pytest.mark.slow
def test_a_rate_limit_pauses_every_day():
    """After a 429 no call of any day comes before `retry-after` has passed."""
    calls, refused = [], []

    async def handler(request):
        calls.append(time.monotonic())
        if len(calls) == 1:
            refused.append(calls[0])
            return httpx.Response(**refusal(429, retry_after="0.4"))
        await anyio.sleep(0.05)  # in flight when the 429 came
        return httpx.Response(**page(EXAMPLE | {"date": _day(request)}))

    outcomes = fetch(handler, *DAYS[:12], concurrency=4)

    assert [None] * 12 == [outcome.error for outcome in outcomes]
    assert 13 == len(calls)
    assert all(at - refused[0] >= 0.4 for at in calls[4:])


def test_a_rate_limit_beyond_patience_fails_every_day_at_once():
    """Days that would wait too long fail with the reason and make no more calls."""
    api = Script(refusal(429, "spend cap", retry_after="3600"))
    outcomes = fetch(api, *DAYS, concurrency=4, max_wait=300)

    assert all("429 an_error: spend cap" in outcome.error for outcome in outcomes)
    assert all("asks to wait 3,600 s" in outcome.error for outcome in outcomes)
    assert len(api.calls) <= 4


@pytest.mark.slow
def test_when_all_wait_in_vain_the_rest_is_not_tried():
    """If the API is down, only the days in flight use up their patience."""
    outcomes = fetch(Script(OVERLOADED), *DAYS, concurrency=2, max_wait=0.5)
    skipped = [one.error for one in outcomes if one.error.startswith("skipped")]

    assert 40 == len(outcomes)
    assert len(skipped) >= 36
    assert all("529 an_error: Overloaded" in error for error in skipped)


@pytest.mark.slow
@pytest.mark.parametrize("concurrency", [1, 3])
def test_days_that_never_answer_do_not_stop_the_others(concurrency):
    """The fault may be that day's own, also when no other day is in flight."""
    bad = {DAYS[1], DAYS[5]}

    def handler(request):
        day = _day(request)
        step = OVERLOADED if day in map(str, bad) else page(EXAMPLE | {"date": day})
        return httpx.Response(**step)

    outcomes = fetch(handler, *DAYS[:9], concurrency=concurrency, max_wait=0.5)

    assert bad == {outcome.day for outcome in outcomes if outcome.error}


@pytest.mark.slow
def test_while_one_day_is_answered_there_is_hope_for_the_next():
    """Days that fail while another succeeds do not end the run."""

    async def handler(request):
        if _day(request) in (str(DAYS[0]), str(DAYS[1])):
            return httpx.Response(**OVERLOADED)
        await anyio.sleep(0.15)
        return httpx.Response(**page(EXAMPLE | {"date": _day(request)}))

    outcomes = fetch(handler, *DAYS[:12], concurrency=3, max_wait=1)

    assert set(DAYS[:2]) == {outcome.day for outcome in outcomes if outcome.error}


def _day(request):
    return request.url.params["starting_at"]


# the wire


@pytest.mark.slow
@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: Response(200, answer.headers, answer.body, cut_after=0),
        lambda answer: Response(200, answer.headers, answer.body, cut_after=50),
        lambda answer: Response(200, answer.headers, answer.body[:-1]),
        lambda answer: Response(200, answer.headers, answer.body, stall=2),
        lambda answer: Response(200, {"content-encoding": "gzip"}, answer.body),
        lambda answer: Response(502, {}, b"<html>Bad Gateway</html>"),
    ],
    ids=["cut at once", "cut", "truncated", "stalled", "no gzip", "bad gateway"],
)
def test_a_spoilt_reply_is_asked_for_again(spoil):
    """Cut, truncated and stalled replies cost a try, not the day."""
    with served() as api:
        answers = iter([spoil, spoil])
        api.fault = lambda request: (
            spoil(api.answer(request)) if next(answers, None) else None
        )
        (outcome,) = fetch_from(api.url, timeout=0.5)

    assert (None, ["dev@example.com"]) == (outcome.error, emails(outcome))
    assert len(api.calls) >= 3


@pytest.mark.parametrize("fault", [{"cut_after": 5}, {"stall": 60}])
def test_a_reply_that_never_comes_whole_ends_with_patience(fault):
    """Cut or stalled every time: the day fails, and the run goes on."""
    with served() as api:
        api.fault = lambda _: Response(200, {}, b'{"data": []}', **fault)
        (outcome,) = fetch_from(api.url, timeout=0.1, max_wait=0.5)

    assert re.search(r"tried \d+ times", outcome.error)
    assert outcome.content is None


@pytest.mark.parametrize(
    ("head", "drop"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n", b" "),
        (b"HTTP/1.1 200 OK\r\n", b"x-more: 1\r\n"),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
    ids=["body", "headers", "interim replies"],
)
def test_a_reply_that_drips_for_ever_ends_with_patience(head, drop):
    """The timeout between two bytes would never end it."""
    with dripping(head, drop) as url:
        (outcome,) = fetch_from(url, timeout=5, max_wait=0.4)

    assert "no complete reply came in time; tried 1 times" == outcome.error


@pytest.mark.parametrize("status", [200, 500])
def test_a_body_without_end_fails_its_day(status):
    """However fast it comes, only a bounded number of bytes is read."""
    megabytes = []

    async def body():
        while True:
            megabytes.append(1)
            yield MEGABYTE

    error = fetch_one(lambda _: httpx.Response(status, content=body())).error

    assert "the reply is larger than 128 MiB, too large for a page" == error
    assert 129 == len(megabytes)


@pytest.mark.slow
def test_a_body_that_unpacks_without_end_fails_its_day():
    """The limit counts decompressed bytes."""
    packer = zlib.compressobj(wbits=31)
    body = b"".join(packer.compress(MEGABYTE) for _ in range(130)) + packer.flush()
    step = {"status_code": 200, "headers": {"content-encoding": "gzip"}}

    async def parts():
        for start in range(0, len(body), 4096):
            yield body[start : start + 4096]

    error = fetch_one(lambda _: httpx.Response(**step, content=parts())).error

    assert len(body) < 2**20
    assert "the reply is larger than 128 MiB, too large for a page" == error


def test_a_refused_connection_is_tried_again():
    """Nobody listens: the day fails with the system's message."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port = server.getsockname()[1]
    (outcome,) = fetch_from(f"http://127.0.0.1:{port}", max_wait=0.2)

    assert "ConnectError" in outcome.error
    assert "tried 1 times" not in outcome.error


def test_connections_are_kept_alive():
    """Many days use few connections."""
    threads = set()  # the fake has one per connection
    with served() as api:
        api.usage = lambda day: [EXAMPLE | {"date": str(day)}]
        api.fault = lambda _: threads.add(threading.current_thread())
        outcomes = fetch_from(api.url, *DAYS, concurrency=2)

    assert [None] * 40 == [outcome.error for outcome in outcomes]
    assert len(threads) <= 2


@contextmanager
def dripping(head, drop):
    """A server that sends its reply in small parts for ten seconds, without an end."""
    done = threading.Event()

    def drip(server):
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(head)
            with suppress(OSError):
                for _ in range(500):
                    connection.sendall(drop)
                    if done.wait(0.02):
                        return

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}"
        done.set()
        thread.join()


# the key


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status):
    """The second host does not see the key, and the reason names it."""
    with served() as second, served() as first:
        head = {"location": f"{second.url}{PATH}"}
        first.fault = lambda _: Response(status, head)
        (outcome,) = fetch_from(first.url)

    assert f"{status} redirect to 127.0.0.1, which is not followed" == outcome.error
    assert (1, 0) == (len(first.calls), len(second.calls))


ECHOES = {
    "message": refusal(404, f"no key {KEY} here"),
    "request id": refusal(404, "m", request_id=KEY),
    "at the cut": refusal(404, "x" * 366 + KEY),
    "over lines": refusal(404, "x \n" * 183 + KEY),
    "another case": refusal(404, KEY.upper()),
    "credentials": refusal(401, f"invalid {KEY}"),
    "credentials' request": refusal(403, "m", request_id=KEY),
    "stale": refusal(410, KEY),
    "transient": refusal(500, KEY),
    "rate limit": refusal(429, KEY),
    "redirect": {"status_code": 302, "headers": {"location": f"https://{KEY}/"}},
    "redirect nowhere": {"status_code": 302, "headers": {"location": f"http://[{KEY}"}},
    "transport": httpx.ConnectError(f"illegal header {KEY}"),
    "html": {"status_code": 502, "content": f"<html>{KEY}".encode()},
    "date": page(EXAMPLE | {"date": KEY}),
    "another day": page(EXAMPLE | {"date": "2025-09-02"}, {"date": KEY}),
    "cents": page(EXAMPLE | {"model_breakdown": [{"estimated_cost": {"amount": KEY}}]}),
}


@pytest.mark.parametrize("step", ECHOES.values(), ids=ECHOES)
def test_no_message_holds_the_key(step):
    """Not even when the API or a proxy echoes it, nor a part that would identify it."""
    try:
        said = fetch_one(Script(step), max_wait=0.05).error
    except CredentialsError as refused:
        said = str(refused)

    assert said
    assert KEY[:15].lower() not in said.lower()


def test_a_reason_can_be_stored_in_every_warehouse():
    """Postgres stores no NUL, so a reason has a replacement character for it."""
    said = fetch_one(Script(refusal(404, "no\0luck"))).error

    assert "no\N{REPLACEMENT CHARACTER}luck" in said


def test_a_redirect_without_a_place_fails_the_day():
    """A 304 has no location, and some proxies omit it."""
    for status in (301, 304):
        assert fetch_one(Script({"status_code": status})).error.startswith(str(status))
