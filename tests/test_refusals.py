"""A refusal fails one day if a call was accepted, and otherwise ends the run."""

from datetime import timedelta

import anyio
import httpx
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from api import DAY, EXAMPLE, Script, fetch, fetch_days, page, refusal, settings
from ccwarehouse.cli import main
from claude_code_analytics import CredentialsError
from loads import query, record

DAYS = [DAY + timedelta(days=n) for n in range(12)]
REFUSAL = refusal(403, "not for you")


class Server:
    """Answers after some seconds, and refuses some days; `calls` has all calls."""

    def __init__(self, refused, seconds=0):
        self.refused, self.seconds, self.calls = set(map(str, refused)), seconds, []

    async def __call__(self, request):
        day = request.url.params["starting_at"]
        self.calls.append(day)
        if day in self.refused:
            return httpx.Response(**REFUSAL)
        await anyio.sleep(self.seconds)
        return httpx.Response(**page(EXAMPLE | {"date": day}))


def failed(outcomes):
    """The days that failed, with their reasons."""
    return {outcome.day: outcome.error for outcome in outcomes if outcome.error}


@pytest.mark.parametrize("refused", [DAYS[:1], DAYS[:3], DAYS[5:7], DAYS[-1:]])
def test_days_refused_beside_accepted_ones_fail_by_themselves(refused):
    """Also the first days, whose refusals come before any acceptance."""
    server = Server(refused, seconds=0.01)
    outcomes = fetch(server, *DAYS, concurrency=4)
    reason = "403 an_error: not for you (request id req_1)"

    assert dict.fromkeys(refused, reason) == failed(outcomes)
    assert DAYS == sorted(outcome.day for outcome in outcomes)


@pytest.mark.parametrize(("days", "concurrency"), [(12, 1), (12, 4), (2, 4), (1, 4)])
def test_when_every_first_call_is_refused_the_run_ends(days, concurrency):
    """After one call of each caller, the error has the advice and the API's message."""
    server = Server(DAYS)
    with pytest.raises(CredentialsError, match=r"refused the key.*not for you"):
        fetch(server, *DAYS[:days], concurrency=concurrency)

    assert min(days, concurrency) == len(server.calls)


def test_a_refusal_decides_when_the_others_failed_without_an_acceptance():
    """A refused caller does not wait for callers without more calls."""
    api = Script(REFUSAL, refusal(404))
    with pytest.raises(CredentialsError, match="not for you"):
        fetch(api, *DAYS[:3], concurrency=2)

    assert 3 == len(api.calls)


def test_an_accepted_page_counts_although_its_day_fails():
    """A key whose first page was accepted is not a refused key."""
    api = Script(page(next_page="a"), REFUSAL)

    assert "not for you" in failed(fetch(api))[DAY]


def test_a_key_accepted_before_the_run_is_refused_day_by_day():
    """With `is_admitted`, the run goes on after the first refusal."""
    transport = httpx.MockTransport(Server(DAYS))
    outcomes = list(fetch_days(DAYS, settings(), transport, is_admitted=True))

    assert set(DAYS) == set(failed(outcomes))


@pytest.mark.slow
def test_one_day_that_is_refused_for_ever_costs_that_day(tmp_path, monkeypatch):
    """113 of 114 days are loaded, one failed, and the next load tries it again."""
    monkeypatch.chdir(tmp_path)
    bad = "2026-01-20"

    def fault(request):
        is_bad = request.query["starting_at"] == bad
        return error(403, "not for you") if is_bad else None

    def load():
        return CliRunner().invoke(main, ["load", *days], env=environment)

    days = "--start", "2026-01-01", "--end", "2026-04-24"
    ledger = """
        select status, count(distinct date), count(*)
        from claude_code.day_fetches group by all order by all
    """
    with FakeApi(lambda day: [record(str(day))], fault=fault) as api:
        environment = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }
        runs = [load(), load()]

    assert [4, 4] == [run.exit_code for run in runs], runs[0].output
    assert all("403 permission_error: not for you" in run.output for run in runs)
    assert [("complete", 113, 226), ("failed", 1, 2)] == query(
        tmp_path / "ccwarehouse.duckdb", ledger
    )
