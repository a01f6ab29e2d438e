"""When the API does not answer: one line per cause, and stored days stay."""

import io
import json
import time
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from types import SimpleNamespace

import httpx
import pytest
from click.testing import CliRunner
from rich.console import Console

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from api import fetch, page, record, refusal
from ccwarehouse.cli import main
from ccwarehouse.words import progress
from ccwarehouse.words.causes import causes
from ccwarehouse.words.progress import SILENCE, Bar, Lines
from whole_days.contact import Contact
from whole_days.errors import DayError, TransientError

DAY = date(2026, 3, 9)
# A day fails at once if it would have to wait longer than max_wait.
OVERLOADED = partial(error, 503, "Overloaded", {"retry-after": "9999"})


@pytest.fixture
def api():
    with FakeApi() as api:
        yield api


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command in an empty folder, against the fake, a day at a time."""
    given = {"BASE_URL": api.url, "INITIAL_DAYS": "12", "BACKOFF": "0.001"}
    for name, value in (given | {"MAX_WAIT": "30", "CONCURRENCY": "1"}).items():
        monkeypatch.setenv(f"SOURCES__CLAUDE_CODE_ANALYTICS__{name}", value)
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(main, words)


@pytest.mark.slow
def test_an_outage_is_one_line_and_an_exit_code_of_its_own(call, api):
    """The summary claims no stored day, no cost of zero and no first day."""
    api.fault = lambda request: OVERLOADED()
    done = call("load")
    progress_line, cause, *rest = done.stderr.splitlines()

    assert 7 == done.exit_code
    assert progress_line.startswith("0 of 12 days stored, 12 failed, 0 records")
    assert " failed: 503 api_error: Overloaded (request id req_" in cause
    assert " to " in cause.partition(" failed")[0]
    expected = [
        "No day could be loaded.",
        "The next load tries failed days again.",
    ]
    assert expected == rest
    said = [line.split()[0] for line in done.stdout.splitlines()]
    assert ["Days", "Time", "Data"] == said


@pytest.mark.slow
def test_an_outage_is_told_to_machines(call, api):
    """Each day has its reason, `error` the common cause; the account is not empty."""
    api.fault = lambda request: OVERLOADED()
    told = json.loads(call("load", "--json").stdout)

    assert (7, 12, 0) == (
        told["exit_code"],
        len(told["days_failed"]),
        told["days_loaded"],
    )
    assert told["error"].startswith("12 of 12 days failed: 503 api_error: Overloaded")
    assert told["account_is_empty"] is False


@pytest.mark.slow
def test_a_day_that_cannot_be_read_again_keeps_its_numbers(call, api):
    """The load says so, and ends with 4."""
    api.usage = lambda day: []
    call("load")
    refused = []

    def fault(request):
        refused.append(request.query["starting_at"])
        return error(404, "gone") if refused[-1] == refused[0] else None

    api.fault = fault
    done = call("load", "--json")
    told = json.loads(done.stdout)

    assert (4, [refused[0]]) == (done.exit_code, list(told["days_standing"]))
    expected = f"The stored numbers of {refused[0]} are still used, 0 hours old."
    assert expected in done.stderr
    assert (2, 1) == (told["days_loaded"], len(told["days_failed"]))


@pytest.mark.slow
def test_a_load_that_wants_no_day_says_nothing_of_the_account(call, api):
    """Without a call the load does not know that the account is empty."""
    api.usage = lambda day: []
    first = call("load", "--json")
    done = call("load", "--lookback", "0", "--json")

    empty = [json.loads(run.stdout)["account_is_empty"] for run in (first, done)]
    assert (0, [True, False]) == (done.exit_code, empty)


def test_reasons_that_differ_in_details_are_one_cause():
    """Request ids, tries, waits and skipped days do not make another cause."""
    overloaded = "503 overloaded_error: Overloaded"
    days = [DAY + timedelta(days=back) for back in range(6)]
    reasons = [
        f"skipped after two days without a successful call: {overloaded}",
        f"{overloaded} (request id req_2); tried 3 times",
        f"{overloaded} (request id req_3); tried 5 times",
        "500 api_error: Internal (request id req_4)",
        "429 slow down; the API asks to wait 3,600 s, longer than max_wait = 300 s",
        "429 slow down; the API asks to wait 59 s, longer than max_wait = 300 s",
    ]
    found = causes(dict(zip(days, reasons, strict=True)))

    assert [days[:3], days[3:4], days[4:]] == [cause.days for cause in found]
    assert [reasons[1], reasons[3], reasons[4]] == [cause.reason for cause in found]


def test_silence_is_counted_while_calls_wait_and_ends_with_an_answer():
    """A page or a refusal is an answer, a retry is not."""
    clock = SimpleNamespace(now=100.0)
    contact = Contact(clock=lambda: clock.now)
    seen = []

    def serve(request):
        clock.now += 7
        seen.append((contact.silence(), contact.reason))
        steps = [refusal(503), refusal(503), page(record()), refusal(404)]
        return httpx.Response(**steps[len(seen) - 1])

    fetch(serve, DAY, DAY + timedelta(days=1), concurrency=1, contact=contact)

    reason = "503 an_error: no luck (request id req_1)"
    assert [(7, ""), (14, reason), (21, reason), (7, "")] == seen
    assert 0 == contact.silence()


def test_a_call_given_up_does_not_end_the_silence():
    """The silence continues with the next day's call; a refusal ends it."""
    clock = SimpleNamespace(now=0.0)
    contact = Contact(clock=lambda: clock.now)
    with pytest.raises(TransientError), contact.call():
        raise TransientError("no answer")
    clock.now += 30
    with contact.call():
        clock.now += 5
        vain = contact.silence()
    with pytest.raises(DayError), contact.call():
        raise DayError("404")
    clock.now += 600  # the warehouse is busy, and no call waits
    with contact.call():
        assert (35, 0) == (vain, contact.silence())


@pytest.mark.parametrize("kind", [Lines, Bar])
def test_the_terminal_says_that_nobody_answers(kind, monkeypatch):
    """After ten seconds, once, with the reason; again after another answer."""
    monkeypatch.setattr(progress, "LISTENING", 0.001)
    clock = SimpleNamespace(now=0.0)
    contact = Contact(clock=lambda: clock.now)
    written = io.StringIO()
    with (
        contact.call(),
        kind(Console(file=written, width=60), 5, contact) as watching,
    ):
        contact.reason = "503 [overloaded]"
        clock.now += SILENCE - 1
        watching.listen()
        before = written.getvalue()
        clock.now += 1
        wait_until(lambda: "Still trying" in written.getvalue())
        watching.listen()

    line = "No answer from the API for 10 s (503 [overloaded]). Still trying.\n"
    assert "No answer" not in before
    assert 1 == written.getvalue().count(line)


@pytest.mark.slow
def test_the_command_says_that_nobody_answers(call, api, monkeypatch):
    """A load watches its calls; with --quiet it prints only the failures."""
    monkeypatch.setattr(progress, "LISTENING", 0.001)
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    monkeypatch.setenv("SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT", "0.2")
    api.fault = lambda request: error(503, "Overloaded")
    told, quiet = call("load"), call("load", "--quiet")

    assert "No answer from the API for 0.01 s" in told.stderr
    assert "No answer" not in quiet.stderr
    assert " failed: " in quiet.stderr


@pytest.mark.slow
def test_the_first_call_is_watched_as_well(call, api, monkeypatch):
    """The load also says that it waits for the first call."""
    monkeypatch.setattr(progress, "LISTENING", 0.001)
    monkeypatch.setattr(progress, "SILENCE", 0.3)
    api.usage = lambda day: []

    def fault(request):
        return replace(api.answer(request), stall=0.6) if len(api.calls) == 1 else None

    api.fault = fault
    done = call("load")

    assert 0 == done.exit_code
    assert done.stderr.startswith("No answer from the API for 0.3 s. Still trying.\n")


def wait_until(condition, seconds=10):
    """Wait until the condition holds, or fail after some seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.001)
