"""The call before a load: is the key accepted, and what is the API's time?"""

from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, Response, error
from api import DAY, Script, fetch_days, page, refusal, settings
from ccwarehouse.cli import main
from ccwarehouse.load import Request, plan
from ccwarehouse.words.load import outcome_as_dict, remarks
from claude_code_analytics import CredentialsError
from loads import NOON, History, load_from, query, record, served
from whole_days.clock import ApiClock
from whole_days.errors import ClockError

YESTERDAY = "2026-03-09"
PLAN = plan(Request(), {}, NOON, settings())


@pytest.fixture
def api():
    with served(History({YESTERDAY: [record(YESTERDAY)]})) as api:
        yield api


@pytest.fixture
def load(api, tmp_path):
    """One load of the last three days, with the preflight call."""
    return partial(load_from, api, tmp_path / "usage.duckdb", asks_first=True)


@pytest.fixture
def ledger(tmp_path):
    """Some columns of the ledger, by day."""

    def ask(columns):
        rows = f"select {columns} from claude_code.day_fetches order by date"
        return query(tmp_path / "usage.duckdb", rows)

    return ask


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command line in an empty folder, against a fake whose clock is right."""
    with FakeApi(History()) as api:
        monkeypatch.chdir(tmp_path)

        def run(*words, key=DEMO_API_KEY):
            section = "SOURCES__CLAUDE_CODE_ANALYTICS"
            environment = {
                f"{section}__BASE_URL": api.url,
                f"{section}__INITIAL_DAYS": "2",
                f"{section}__MAX_WAIT": "1",
                "ANTHROPIC_ADMIN_KEY": key,
            }
            return CliRunner().invoke(main, ["load", *words], env=environment)

        run.api = api
        yield run


def asked(api):
    """The days of the calls so far, with their limits."""
    return [(call.query["starting_at"], call.query["limit"]) for call in api.calls]


@pytest.mark.slow
def test_the_first_call_asks_for_one_record_before_there_is_a_file(command, tmp_path):
    """A load opens the warehouse only after the API has answered."""
    files = []

    def look(request):
        files.append(list(tmp_path.iterdir()))

    command.api.fault = look
    done = command()

    assert 0 == done.exit_code, done.output
    assert ([], "1") == (files[0], command.api.calls[0].query["limit"])
    assert ["1000", "1000"] == [limit for _, limit in asked(command.api)[1:]]


@pytest.mark.parametrize("key", ["sk-ant-admin-old", "sk-ant-api03-mine"])
def test_a_refused_key_leaves_nothing_behind(command, tmp_path, key):
    """Two refusals, of days a week apart, end the load: no file, and code 3."""
    done = command(key=key)
    first, second = (datetime.fromisoformat(day) for day, _ in asked(command.api))

    assert 3 == done.exit_code
    assert "refused the key" in done.output
    assert [] == list(tmp_path.iterdir())
    assert timedelta(weeks=1) == first - second


@pytest.mark.slow
def test_a_key_that_is_refused_for_the_last_day_alone_is_not_refused(api, load, ledger):
    """A refusal of one day fails only that day, also when it is the first call."""
    api.fault = lambda request: (
        error(403, "not this one")
        if request.query["starting_at"] == YESTERDAY
        else None
    )
    outcome = load(concurrency=1, start=YESTERDAY, end=YESTERDAY)

    assert ["2026-03-09", "2026-03-02", "2026-03-09"] == [day for day, _ in asked(api)]
    assert "not this one" in outcome.failed[NOON.date() - timedelta(days=1)]
    assert [("failed",)] == ledger("status")


@pytest.mark.slow
def test_an_acceptance_before_the_load_counts_for_its_days(api, load):
    """After an accepted call, a load whose days are all refused has failed days.

    Without the preflight call, the same refusals end the load.
    """
    api.fault = lambda request: (
        error(403, "not this one") if request.query["limit"] != "1" else None
    )
    outcome = load()

    assert 3 == len(outcome.failed)
    with pytest.raises(CredentialsError):
        load(asks_first=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    "reply",
    [error(529, "overloaded"), Response(200, {}, b"{" * 99, cut_after=9)],
    ids=["overloaded", "cut"],
)
def test_a_load_goes_on_without_an_answer_to_its_first_call(api, load, reply):
    """Its days are retried, and fail one by one."""
    api.fault = lambda request: reply if len(api.calls) == 1 else None

    assert 3 == len(load().loaded)


@pytest.mark.parametrize("off", [timedelta(days=10), -timedelta(days=2)])
@pytest.mark.parametrize("future", ["refused", "empty"])
def test_a_clock_that_is_days_off_ends_the_load(api, load, tmp_path, off, future):
    """Whatever the API answers for a future day, nothing is written."""
    if future == "empty":
        api.fault = lambda request: Response(200, {}, b'{"data": []}')
    with pytest.raises(ClockError, match=r"days .* the API's\. Set it, best by NTP"):
        load(now=NOON + off)

    assert [] == list(tmp_path.iterdir())


def test_a_clock_that_is_days_off_is_a_matter_of_configuration(command, tmp_path):
    """One line that says how far off, and code 3."""
    command.api.now = lambda: datetime.now(UTC) + timedelta(days=2)
    done = command()

    assert (3, []) == (done.exit_code, list(tmp_path.iterdir()))
    assert "clock is 2.0 days behind the API's. Set it" in done.output
    assert 1 == len(done.output.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("hours", [13, -13, 0])
def test_a_clock_that_is_hours_off_is_set_right(load, ledger, hours):
    """The API's time decides which day is the last complete one, and `fetched_at`."""
    outcome = load(now=NOON + timedelta(hours=hours))

    seen = f"date::text, is_final, abs(epoch(fetched_at) - {NOON.timestamp()}) < 2"
    assert (YESTERDAY, True, True) == ledger(seen)[-1]
    said = [line for line in remarks(PLAN, outcome) if "clock" in line]
    side = "ahead of" if hours > 0 else "behind"
    expected = f"This machine's clock is 780 minutes {side} the API's"
    assert [expected][: abs(hours)] == [line.partition(". ")[0] for line in said]
    assert 3600 * hours == outcome_as_dict(PLAN, outcome, "")["clock_ahead_seconds"]


@pytest.mark.slow
@pytest.mark.parametrize("minutes", [-4, 4])
def test_minutes_do_no_harm(load, ledger, minutes):
    """Within five minutes this machine's clock is used, without a remark."""
    now = NOON + timedelta(minutes=minutes)
    outcome = load(now=now)

    assert [(now.timestamp(),)] * 3 == ledger("epoch(fetched_at)")
    assert [] == [line for line in remarks(PLAN, outcome) if "clock" in line]


def test_a_machine_in_between_does_not_tell_the_time():
    """A server error may come from a proxy, with a clock of its own."""
    clock = ApiClock(lambda: NOON)
    api = Script(refusal(503, date="Sun, 01 Mar 2026 00:00:00 GMT"), page())
    (day,) = fetch_days([DAY], settings(), httpx.MockTransport(api), clock)

    assert (None, None) == (day.error, clock.ahead)


@pytest.mark.slow
def test_days_are_judged_without_an_answer_to_the_first_call_too(api, load, ledger):
    """Their own replies correct the clock: a running day does not become final."""
    api.fault = lambda request: error(529, "busy") if len(api.calls) == 1 else None
    outcome = load(now=NOON + timedelta(days=1))

    days = [("2026-03-08", True), ("2026-03-09", True), ("2026-03-10", False)]
    assert days == ledger("date::text, is_final")
    assert timedelta(days=1) == outcome.clock_error
