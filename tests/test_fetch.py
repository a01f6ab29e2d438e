"""Many days at once: each exactly once, within limits, and no thread left behind."""

import threading
import time
from datetime import UTC, datetime, timedelta

import anyio
import httpx
import pytest

from anthropic_admin_api.fake import FakeApi
from api import DAY, EXAMPLE, KEY, Script, fetch, fetch_days, page, refusal, settings
from claude_code_analytics import CredentialsError
from whole_days.fetch import MAX_DAYS_AHEAD

DAYS = [DAY + timedelta(days=n) for n in range(12)]


def day_of(request):
    return request.url.params["starting_at"]


def answer(request):
    return httpx.Response(**page(EXAMPLE | {"date": day_of(request)}))


class Waiting:
    """A server that answers the first days at once and never answers the others."""

    def __init__(self, answered):
        self.answered, self.waiting, self.cancelled = answered, [], []
        self.begun = threading.Event()

    async def __call__(self, request):
        if self.answered > 0:
            self.answered -= 1
            return answer(request)
        self.waiting.append(day_of(request))
        self.begun.set()
        try:
            await anyio.sleep(600)
        except anyio.get_cancelled_exc_class():
            self.cancelled.append(day_of(request))
            raise


@pytest.mark.parametrize("concurrency", [1, 4, 30])
def test_each_day_comes_once_whatever_fails(concurrency):
    """Whole days come with their tables, failed ones with their reason."""

    def handler(request):
        bad = {str(DAYS[2]): refusal(404), str(DAYS[5]): page(EXAMPLE)}
        step = bad.get(day_of(request))
        return httpx.Response(**step) if step else answer(request)

    outcomes = fetch(handler, *DAYS, concurrency=concurrency)
    failed = {outcome.day for outcome in outcomes if outcome.error}

    assert DAYS == sorted(outcome.day for outcome in outcomes)
    assert {DAYS[2], DAYS[5]} == failed
    assert all((one.content is None) == (one.day in failed) for one in outcomes)


def test_no_days_are_no_calls():
    """Without days nothing is called."""
    api = Script(page())

    assert [] == list(fetch_days([], settings(), httpx.MockTransport(api)))
    assert [] == api.calls


def test_as_many_days_are_in_flight_as_told():
    """Over real HTTP: three at once, never four."""
    meeting, lock, inside, most = (
        threading.Barrier(3, timeout=20),
        threading.Lock(),
        0,
        0,
    )

    def fault(_):
        nonlocal inside, most
        with lock:
            inside += 1
            most = max(most, inside)
        meeting.wait()  # continues when three have arrived
        time.sleep(0.02)
        with lock:
            inside -= 1

    def usage(day):
        return [EXAMPLE | {"date": str(day)}]

    with FakeApi(usage, api_key=KEY, fault=fault) as api:
        given = settings(base_url=api.url, concurrency=3)
        outcomes = list(fetch_days(DAYS, given))

    assert [None] * 12 == [outcome.error for outcome in outcomes]
    assert 3 == most


def test_days_come_as_they_complete():
    """A slow day does not delay the others."""
    slow = threading.Event()

    async def handler(request):
        if day_of(request) == str(DAYS[0]):
            await anyio.to_thread.run_sync(slow.wait)
        return answer(request)

    days = fetch_days(DAYS, settings(concurrency=2), httpx.MockTransport(handler))
    others = {next(days).day for _ in DAYS[1:]}
    slow.set()

    assert set(DAYS[1:]) == others
    assert [DAYS[0]] == [outcome.day for outcome in days]


def test_an_abandoned_iterator_ends_its_calls_and_its_thread():
    """When the reader stops, no call or thread keeps running."""
    before = set(threading.enumerate())
    api = Waiting(answered=1)
    days = fetch_days(DAYS, settings(concurrency=3), httpx.MockTransport(api))
    next(days)
    while len(api.waiting) < 3:
        time.sleep(0.01)
    days.close()
    started = set(threading.enumerate()) - before
    for thread in started:
        thread.join(5)

    assert sorted(api.waiting) == sorted(api.cancelled)
    assert [] == [thread.name for thread in started if thread.is_alive()]


def test_an_exception_of_the_reader_ends_the_calls():
    """An exception between two days ends the other calls."""
    api = Waiting(answered=1)
    days = fetch_days(DAYS, settings(concurrency=3), httpx.MockTransport(api))
    with pytest.raises(KeyboardInterrupt):  # noqa: PT012 (the reader is a loop)
        for _ in days:
            days.throw(KeyboardInterrupt)

    assert sorted(api.waiting) == sorted(api.cancelled)


def test_a_wrong_key_is_refused_over_http():
    """The fake API's 401 ends the run with its message."""
    with (
        FakeApi(api_key="another") as api,
        pytest.raises(CredentialsError, match="401 authentication_error: invalid"),
    ):
        list(fetch_days(DAYS, settings(base_url=api.url)))


def test_without_a_key_nothing_is_called():
    """The error about the key comes before the first call."""
    api = Script(page())
    given = settings(api_key="ä")
    with pytest.raises(CredentialsError):
        list(fetch_days(DAYS, given, httpx.MockTransport(api)))

    assert [] == api.calls


@pytest.mark.parametrize("concurrency", [1, 4])
def test_a_bug_surfaces_where_it_is(concurrency):
    """An unexpected exception is raised at once."""

    def transport_with_a_bug(request):
        if day_of(request) == str(DAYS[3]):
            raise ValueError("a bug")
        return answer(request)

    with pytest.RaisesGroup(
        pytest.RaisesExc(ValueError, match="a bug"), flatten_subgroups=True
    ) as raised:
        fetch(transport_with_a_bug, *DAYS, concurrency=concurrency)

    bug, names = raised.value, []
    while isinstance(bug, ExceptionGroup):
        (bug,) = bug.exceptions
    trace = bug.__traceback__
    while trace:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next

    assert "transport_with_a_bug" == names[-1]


def test_days_that_cannot_be_listed_are_a_bug():
    """An exception of the iterator of days is raised, too."""

    def days():
        yield DAY
        raise LookupError("no more")

    with pytest.RaisesGroup(LookupError, flatten_subgroups=True):
        list(fetch_days(days(), settings(), httpx.MockTransport(answer)))


def calls_ahead(days, records):
    """How many calls, three at a time, are made when a reader stops after one day."""
    calls, was_read = [], threading.Event()

    async def handler(request):
        calls.append(request)
        if len(calls) > 1:
            await anyio.to_thread.run_sync(was_read.wait)
        made = EXAMPLE | {"date": day_of(request)}
        return httpx.Response(**page(*[made] * records))

    fetches = fetch_days(days, settings(concurrency=3), httpx.MockTransport(handler))
    next(fetches)
    was_read.set()
    before = -1
    while before < len(calls):  # until no more arrive
        before = len(calls)
        time.sleep(0.5)
    fetches.close()
    return before


@pytest.mark.slow
def test_a_slow_reader_is_not_run_ahead_of():
    """A limited number of days waits, besides those in flight or being read."""
    days = [DAY + timedelta(days=n) for n in range(2 * MAX_DAYS_AHEAD)]

    assert 1 + MAX_DAYS_AHEAD + 3 == calls_ahead(days, records=0)


@pytest.mark.slow
def test_large_days_wait_in_smaller_numbers(monkeypatch):
    """A limited number of records waits: no call starts while there are more."""
    monkeypatch.setattr("whole_days.fetch.MAX_RECORDS_AHEAD", 100)
    days = [DAY + timedelta(days=n) for n in range(50)]

    assert 1 + 100 // 25 + 3 == calls_ahead(days, records=25)


def test_a_day_is_as_of_the_moment_before_its_first_call():
    """`fetched_at` is from before the first call: later records may be missing."""
    moments = iter(datetime(2025, 9, 3, hour, tzinfo=UTC) for hour in range(5))
    asked = []

    def clock():
        asked.append(len(api.calls))
        return next(moments)

    api = Script(refusal(500), page(next_page="a"), page())
    transport = httpx.MockTransport(api)
    (outcome,) = fetch_days([DAY], settings(), transport, clock)

    assert (datetime(2025, 9, 3, tzinfo=UTC), [0]) == (outcome.fetched_at, asked)


def test_readers_of_several_runs_do_not_meet():
    """Two simultaneous runs have separate clients and threads."""
    one = fetch_days(DAYS, settings(), httpx.MockTransport(answer))
    two = fetch_days(DAYS, settings(), httpx.MockTransport(answer))
    pairs = list(zip(one, two, strict=True))

    assert DAYS == sorted(day.day for day, _ in pairs)
    assert DAYS == sorted(day.day for _, day in pairs)
