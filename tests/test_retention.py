"""Old days become sums: totals stay, people go, and later loads keep it so."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from loads import execute, query, record

TODAY = datetime.now(UTC).date()
OLD, OLDER, NEW = (str(TODAY - timedelta(days=back)) for back in (8, 9, 2))
SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
KEEPS = {"CCWAREHOUSE__RETENTION_DAYS": "5"}
TOTALS = """
    select date, organization_id, sum(estimated_cost__amount), sum(tokens__output)
    from claude_code.usage_report__model_breakdown group by all order by all
"""
WORK = """
    select date, sessions, lines_added, commits, proposals, accepted
    from claude_code_marts.org_daily order by all
"""
ROWS = """
    select date, count(*), count(actor__email_address), count(terminal_type)
    from claude_code.usage_report group by all order by all
"""

pytestmark = pytest.mark.slow


def usage(day):
    if str(day) not in (OLDER, OLD, NEW):
        return []
    made = [
        record(str(day), f"{name}@example.com", terminal_type=terminal)
        for name, terminal in (("ann", "vim"), ("bob", "vscode"), ("bob", "emacs"))
    ]
    made[0]["model_breakdown"][0]["estimated_cost"]["amount"] = 0.123456789
    made.append(record(str(day), "eve@example.com", customer_type="subscription"))
    return made


@pytest.fixture(scope="module")
def api():
    with FakeApi(usage) as api:
        yield api


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = {
        f"{SECTION}BASE_URL": api.url,
        f"{SECTION}INITIAL_DAYS": "10",
        f"{SECTION}SETTLE_MINUTES": "0",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }

    def run(*words, **more):
        return CliRunner().invoke(main, words, env=given | more)

    return run


@pytest.fixture
def database(tmp_path):
    return tmp_path / "ccwarehouse.duckdb"


def test_old_days_become_sums_and_totals_stay(call, database):
    """By organisation, day and customer type; newer days keep their people."""
    call("load")
    before = [query(database, TOTALS), query(database, WORK)]
    ended = call("load", **KEEPS)
    rows = query(database, ROWS)

    assert "2 old days without people now" in ended.stdout
    assert before == [query(database, TOTALS), query(database, WORK)]
    expected = [(OLDER, 2, 0, 0), (OLD, 2, 0, 0), (NEW, 4, 4, 4)]
    assert expected == [(str(day), *counts) for day, *counts in rows]
    assert 0 == call("transform", "--check").exit_code


def test_a_reload_of_an_old_day_ends_as_the_same_sums(call, database):
    """Also without the setting: the dataset remembers from when it has people."""
    call("load", **KEEPS)
    before = query(database, "from claude_code.usage_report order by all")
    again = call("load", "--json", "--start", OLDER, "--end", NEW)

    assert 0 == json.loads(again.stdout)["days_changed"]
    assert before == query(database, "from claude_code.usage_report order by all")


def test_an_old_day_that_is_damaged_comes_back_as_sums(call, database):
    """The load writes it without people."""
    call("load", **KEEPS)
    before = query(database, ROWS)
    execute(database, f"delete from claude_code.usage_report where date = '{OLD}'")
    call("load", **KEEPS)

    assert before == query(database, ROWS)


def test_a_shorter_time_sums_more_days_and_a_longer_one_brings_none_back(
    call, database
):
    """What is summed stays so."""
    call("load", **KEEPS)
    call("load", CCWAREHOUSE__RETENTION_DAYS="1")
    before = query(database, ROWS)
    call("load", "--lookback", "9", CCWAREHOUSE__RETENTION_DAYS="100")

    assert [(2, 0, 0)] * 3 == [tuple(counts) for _, *counts in before]
    assert before == query(database, ROWS)


@pytest.mark.parametrize("days", ["0", "-3", "40000"])
def test_an_impossible_number_of_days_is_refused(call, database, days):
    """Before anything is created."""
    ended = call("load", CCWAREHOUSE__RETENTION_DAYS=days)

    assert 3 == ended.exit_code
    assert "retention_days must be from 1 to 36,600" in ended.stderr
    assert not database.exists()


def test_days_stay_when_the_api_does_not_answer(call, database):
    """This machine's clock may be wrong, and sums cannot be undone."""
    call("load")
    before = query(database, ROWS)
    ended = call(
        "load",
        **KEEPS
        | {f"{SECTION}BASE_URL": "http://127.0.0.1:9", f"{SECTION}MAX_WAIT": "0.2"},
    )

    assert 0 != ended.exit_code
    assert before == query(database, ROWS)
