"""`status`: every day has one state, and gaps are reported."""

import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import error
from ccwarehouse.cli import main
from ccwarehouse.status import State, Statuses, read_status
from ccwarehouse.warehouses import NothingLoadedError, open_warehouse
from ccwarehouse.words.status import (
    end_of_status,
    remarks,
    statuses_as_dict,
    statuses_as_lines,
)
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import NOON, History, execute, load_from, query, record, served

HALF_A_DAY = timedelta(hours=12)


@pytest.fixture
def database(tmp_path):
    return tmp_path / "usage.duckdb"


@pytest.fixture
def api():
    days = [f"2026-03-{day:02}" for day in range(1, 10)]
    with served(History({day: [record(day)] for day in days})) as api:
        yield api


def status_of(database, now=NOON, **settings):
    with open_warehouse("duckdb", database, "claude_code", read_only=True) as warehouse:
        return read_status(warehouse, CLAUDE_CODE, resolve_settings(**settings), now)


def days_of(status):
    """The days of March in each state that has any."""
    return {
        state: [day.day for day in days] for state, days in status.days.items() if days
    }


def failing(*days):
    """A fault that fails these days."""
    return lambda request: (
        error(404, "not here") if request.query["starting_at"] in days else None
    )


@pytest.mark.slow
def test_a_whole_warehouse_has_final_days_and_no_gap(api, database):
    """After a successful load every day is final and there are no remarks."""
    load_from(api, database, "2026-03-01", "2026-03-09")
    status = status_of(database)

    assert {State.FINAL: list(range(1, 10))} == days_of(status)
    assert ([], []) == (status.gaps, remarks(status))
    assert (date(2026, 3, 1), date(2026, 3, 9)) == (status.stored[0], status.stored[-1])


@pytest.mark.slow
def test_each_day_has_the_state_that_its_fetches_and_rows_give_it(api, database):
    """Final, provisional, failed, not whole and never fetched are distinguished."""
    morning = NOON - timedelta(days=5)  # the 5th, at noon
    load_from(api, database, "2026-03-01", "2026-03-01", now=morning)
    load_from(api, database, "2026-03-03", "2026-03-04", now=morning)
    execute(database, "delete from claude_code.usage_report where day(date) = 4")
    load_from(api, database, "2026-03-06", "2026-03-06", now=NOON - HALF_A_DAY * 8)
    api.fault = failing("2026-03-08")
    load_from(api, database, "2026-03-08", "2026-03-08")
    status = status_of(database)

    expected = {
        State.FINAL: [1, 3],
        State.PROVISIONAL: [6],
        State.FAILED: [8],
        State.NOT_WHOLE: [4],
        State.NEVER_FETCHED: [2, 5, 7, 9],
    }
    assert expected == days_of(status)
    assert [2, 4, 5, 7, 8, 9] == [day.day for day in status.gaps]


@pytest.mark.slow
def test_a_day_read_before_it_was_over_is_no_gap(api, database):
    """A provisional day is no gap: the next load fetches it again."""
    load_from(api, database, "2026-03-08", "2026-03-09", now=NOON - HALF_A_DAY * 2)
    status = status_of(database, now=NOON - HALF_A_DAY)

    assert {State.FINAL: [8], State.PROVISIONAL: [9]} == days_of(status)
    assert [] == status.gaps


@pytest.mark.slow
def test_the_running_day_is_shown_when_it_is_stored_and_never_missed(api, database):
    """Today is provisional once loaded, and not missing before."""
    load_from(api, database, "2026-03-09", "2026-03-09")
    without = days_of(status_of(database))
    load_from(api, database, "2026-03-10", "2026-03-10")

    assert {State.FINAL: [9]} == without
    assert {State.FINAL: [9], State.PROVISIONAL: [10]} == days_of(status_of(database))


@pytest.mark.slow
def test_a_final_day_whose_last_fetch_failed_is_no_gap_but_told_apart(api, database):
    """The stored numbers are still used, and their age is printed."""
    load_from(api, database, "2026-03-08", "2026-03-09")
    api.fault = failing("2026-03-09")
    load_from(api, database, "2026-03-09", "2026-03-09", now=NOON + HALF_A_DAY)
    status = status_of(database, now=NOON + HALF_A_DAY)

    assert {State.FINAL: [8], State.REREAD_FAILED: [9]} == days_of(status)
    assert ([], []) == (status.gaps, status.stale)
    assert [8, 9] == [day.day for day in status.stored]
    expected = (
        "The stored numbers of 2026-03-09 are still used, 12 hours old, because no "
        "load could fetch them again. The next load tries again."
    )
    assert [expected] == remarks(status)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hours", "lookback", "stale"),
    [(48, 3, []), (49, 3, [9]), (12, 0, [9]), (13 + 48, 99, [9])],
)
def test_a_day_that_cannot_be_read_again_goes_stale(
    api, database, hours, lookback, stale
):
    """Its numbers are fresh for 48 hours within the lookback; then it needs a load."""
    load_from(api, database, "2026-03-09", "2026-03-09")
    api.fault = failing("2026-03-09")
    load_from(api, database, "2026-03-09", "2026-03-09")
    now = NOON + timedelta(hours=hours)
    status = status_of(database, now=now, lookback=lookback)

    assert stale == [day.day for day in status.stale]
    assert bool(stale) == ("Load: ccwarehouse load" in remarks(status)[-1])


@pytest.mark.slow
def test_a_day_read_too_early_that_cannot_be_read_again_is_a_gap(api, database):
    """A provisional day whose last fetch failed is a gap once it is complete."""
    load_from(api, database, "2026-03-09", "2026-03-09", now=NOON - 2 * HALF_A_DAY)
    api.fault = failing("2026-03-09")
    load_from(api, database, "2026-03-09", "2026-03-09")

    assert {State.FAILED: [9]} == days_of(status_of(database))


@pytest.mark.slow
def test_a_day_that_is_not_whole_and_cannot_be_read_again_is_a_gap(api, database):
    """A day that lost rows is a gap."""
    load_from(api, database, "2026-03-09", "2026-03-09")
    api.fault = failing("2026-03-09")
    load_from(api, database, "2026-03-09", "2026-03-09")
    execute(database, "delete from claude_code.usage_report__tool_actions")

    assert {State.FAILED: [9]} == days_of(status_of(database))


@pytest.mark.slow
def test_a_first_day_that_failed_is_missing_though_nothing_earlier_is(api, database):
    """The range begins with the first day ever tried, not the first stored one."""
    api.fault = failing("2026-03-07")
    load_from(api, database, "2026-03-07", "2026-03-09")
    status = status_of(database)

    assert [7] == [day.day for day in status.gaps]
    assert [8, 9] == [day.day for day in status.stored]


@pytest.mark.slow
def test_days_become_missing_as_time_passes(api, database):
    """Without loads, each new day counts as missing once it is complete."""
    load_from(api, database, "2026-03-08", "2026-03-09")

    midnight = NOON + HALF_A_DAY  # the 10th is over, and complete at 01:30
    gaps = [
        status_of(database, now=midnight + timedelta(minutes=minutes)).gaps
        for minutes in (89, 90, 90 + 24 * 60)
    ]
    tenth, eleventh = date(2026, 3, 10), date(2026, 3, 11)
    assert [[], [tenth], [tenth, eleventh]] == gaps


@pytest.mark.slow
def test_rows_are_counted_in_each_table(api, database):
    """The counts are those of the account's rows in the tables."""
    load_from(api, database, "2026-03-08", "2026-03-09")
    api.usage = lambda day: [record(str(day), organization_id="another")]
    load_from(api, database, "2026-03-09", "2026-03-09", account="other")
    counted = status_of(database).rows

    counts = {
        table: query(
            database,
            f"select count(*) from claude_code.{table} where account = 'default'",
        )[0][0]
        for table in counted
    }
    assert counts == counted
    assert {"usage_report": 2, "day_fetches": 2}.items() <= counts.items()


def test_a_table_that_no_load_has_made_yet_has_no_rows(api, database):
    """A warehouse of an earlier version may lack tables; they count as empty."""
    load_from(api, database)
    execute(database, "drop table claude_code.day_fetches__unknowns")

    assert 0 == status_of(database).rows["day_fetches__unknowns"]


@pytest.mark.slow
def test_the_last_run_and_the_freshness_are_those_of_completed_loads(api, database):
    """Neither uncommitted loads nor failed fetches count."""
    load_from(api, database, "2026-03-08", "2026-03-09", now=NOON - HALF_A_DAY)
    before = status_of(database)
    api.fault = failing("2026-03-09")
    load_from(api, database, "2026-03-09", "2026-03-09")
    failed = status_of(database)
    api.fault = None
    load_from(api, database, "2026-03-09", "2026-03-09")
    loads = "select load_id from claude_code._dlt_loads order by inserted_at"
    *_, (load_id,) = query(database, loads)
    execute(database, f"delete from claude_code._dlt_loads where load_id = '{load_id}'")
    cut_short = status_of(database)

    fetched = [status.newest_fetched_at for status in (before, failed, cut_short)]
    assert [NOON - HALF_A_DAY] * 3 == fetched
    assert before.last_run < failed.last_run == cut_short.last_run


@pytest.mark.slow
def test_loads_of_others_into_the_dataset_are_not_our_last_run(api, database):
    """Only loads that fetched days count."""
    load_from(api, database)
    before = status_of(database)
    others = "values ('9999999999.9', 'shop', 0, now() + interval 1 day, 'hash')"
    execute(database, f"insert into claude_code._dlt_loads {others}")

    assert before.last_run == status_of(database).last_run


@pytest.mark.slow
def test_the_next_load_is_the_plan_a_load_without_dates_makes(api, database):
    """The next load fetches exactly the days that status promised."""
    api.fault = failing("2026-03-05")
    load_from(api, database, "2026-03-04", "2026-03-05")
    status = status_of(database, lookback=1)
    api.fault, api.calls = None, []
    load_from(api, database, lookback=1)

    promised = [item.day.isoformat() for item in status.next_load.wanted]
    assert sorted(promised) == sorted(call.query["starting_at"] for call in api.calls)
    assert [f"2026-03-0{day}" for day in (5, 6, 7, 8, 9)] == promised


def test_people_read_ranges_ages_and_what_comes_next(api, database):
    """Days are printed as ranges, times with their age, the plan with its reasons."""
    api.fault = failing("2026-03-06")
    load_from(api, database, "2026-03-04", "2026-03-09", now=NOON - HALF_A_DAY)
    status = status_of(database)
    text = "\n".join(statuses_as_lines(Statuses([status], [], {}), "here"))

    assert "2026-03-04 to 2026-03-09, the last one fetched 2026-03-10 00:00 UTC" in text
    assert "12 hours ago" in text
    assert "2026-03-04 to 2026-03-05, 2026-03-07 to 2026-03-08\n" in text
    assert re.search("2026-03-06 +1 day +failed\n", text)
    assert "At least 5 calls" in text
    expected = "1 day is missing: 2026-03-06. Load: ccwarehouse load"
    assert [expected] == remarks(status)


def test_machines_read_the_same(api, database):
    """The JSON has days as ISO dates, times in UTC and ages in seconds."""
    api.fault = failing("2026-03-08")
    load_from(api, database, "2026-03-07", "2026-03-09", now=NOON - HALF_A_DAY)
    found = Statuses([status_of(database)], [], {})
    told = json.loads(json.dumps(statuses_as_dict(found, "here")))

    assert ("2026-03-07", "2026-03-09") == (told["first_day"], told["last_day"])
    failed = {"days": 1, "ranges": [{"first": "2026-03-08", "last": "2026-03-08"}]}
    assert failed == told["days"]["failed"]
    assert 1 == told["gaps"]
    fetched = {"at": "2026-03-10T00:00:00+00:00", "age_seconds": 12 * 3600}
    assert fetched == told["last_day_fetched"]
    assert 4 == told["next_load"]["calls_at_least"]


def test_an_account_of_which_nothing_is_stored_is_told_to_load(api, database):
    """Days of another account do not count."""
    load_from(api, database)

    with pytest.raises(NothingLoadedError, match="of account other yet: load first"):
        status_of(database, account="other")


@pytest.mark.process
def test_others_may_read_the_file_meanwhile(api, database):
    """Status takes only a lock that other readers share."""
    load_from(api, database)
    code = f"import duckdb; duckdb.connect({str(database)!r}, read_only=True)"
    with open_warehouse("duckdb", database, "claude_code", read_only=True) as warehouse:
        with warehouse.client():
            done = subprocess.run([sys.executable, "-c", code], check=False)
        status = read_status(warehouse, CLAUDE_CODE, resolve_settings(), NOON)

    assert (0, []) == (done.returncode, status.gaps)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Run `status` in an empty folder without a key."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)
    return lambda *words, **given: CliRunner().invoke(
        main, ["status", *words], env=given
    )


@pytest.mark.slow
def test_the_exit_code_tells_a_monitor_whether_days_are_missing(api, tmp_path, call):
    """0 if no day is missing, otherwise 4 with the fix on stderr. Needs no key."""
    whole, gappy = tmp_path / "whole.duckdb", tmp_path / "gappy.duckdb"
    unread = tmp_path / "unread.duckdb"
    now = datetime.now(UTC)
    api.usage, api.now = (lambda day: []), (lambda: now)
    load_from(api, whole, now=now)
    load_from(api, gappy, now=now - timedelta(days=1))
    load_from(api, unread, now=now)
    api.fault = lambda request: error(404, "not here")
    load_from(api, unread, now=now)
    good, bad, fresh = (
        call("--database", str(file)) for file in (whole, gappy, unread)
    )

    assert (0, 4, 0) == (good.exit_code, bad.exit_code, fresh.exit_code)
    assert "" == good.stderr
    assert bad.stderr.endswith("Load: ccwarehouse load\n")
    assert "because no load could fetch them again" in fresh.stderr


def test_the_json_is_alone_on_stdout(api, tmp_path, call):
    """`--json` prints one object and nothing else on stdout."""
    load_from(api, tmp_path / "usage.duckdb")
    done = call("--json", "--database", "usage.duckdb")

    assert 4 == done.exit_code  # NOON is long ago
    assert "never_fetched" in json.loads(done.stdout)["days"]


def test_a_warehouse_that_is_not_there_is_not_made(tmp_path, call):
    """Before the first load status ends with 5 and creates no file."""
    done = call()

    assert 5 == done.exit_code
    assert "Load first" in done.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.process
def test_a_file_that_another_program_writes_to_is_told(api, tmp_path, call):
    """A running load holds its file: status says so and ends with 5."""
    load_from(api, tmp_path / "usage.duckdb")
    hold = "import duckdb, sys; c = duckdb.connect('usage.duckdb'); print(); input()"
    words = [sys.executable, "-c", hold]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, cwd=tmp_path, **pipes, text=True) as holder:
        holder.stdout.readline()
        done = call("--database", "usage.duckdb")
        holder.communicate("\n")

    assert 5 == done.exit_code
    assert "lock" in done.stderr
    assert 1 == len(done.stderr.splitlines())


def test_a_file_that_is_no_database_is_told(tmp_path, call):
    """The file is not changed."""
    text = Path("text.duckdb")
    text.write_text("no database\n" * 1000)
    done = call("--database", str(text))

    assert 5 == done.exit_code
    assert "no database\n" * 1000 == text.read_text()


def test_a_file_of_another_program_is_not_changed(tmp_path, call):
    """A DuckDB file without our dataset: load first, and nothing is added to it."""
    with duckdb.connect(tmp_path / "other.duckdb") as connection:
        connection.execute("create table mine (i int)")
    before = (tmp_path / "other.duckdb").read_bytes()
    done = call("--database", "other.duckdb")

    assert 5 == done.exit_code
    assert "load first" in done.stderr
    assert before == (tmp_path / "other.duckdb").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("hours", "is_too_old"), [(11, True), (12, False), (13, False), (10**30, False)]
)
def test_the_age_is_that_of_the_end_of_the_newest_final_day(
    api, database, hours, is_too_old
):
    """At noon the day before ended 12 hours ago; exactly the limit is not too old."""
    load_from(api, database, "2026-03-08", "2026-03-10")
    with open_warehouse("duckdb", database, "claude_code", read_only=True) as warehouse:
        settings = resolve_settings()
        status = read_status(warehouse, CLAUDE_CODE, settings, NOON, hours)
    end = end_of_status(Statuses([status], [], {}), "here")

    assert (date(2026, 3, 9), 12) == (status.newest_final, status.age_hours)
    assert (is_too_old, 4 if is_too_old else 0) == (status.is_too_old, end.code)
    told = (
        "The newest final day, 2026-03-09, ended 12.0 hours ago, more than --max-age "
        "11. See why the last load did not load more, then run: ccwarehouse load"
    )
    assert ([told] if is_too_old else []) == remarks(status)
    facts = ("newest_final_day", "age_hours", "max_age_hours", "is_too_old")
    expected = ["2026-03-09", 12, hours, is_too_old]
    assert expected == [end.facts[name] for name in facts]


@pytest.mark.slow
def test_only_a_day_that_was_complete_when_it_was_fetched_is_final(api, database):
    """Provisional, failed and broken days are not: the age is that of the one before.

    A day that was final and could not be fetched again still is.
    """
    load_from(api, database, "2026-03-09", "2026-03-09", now=NOON - HALF_A_DAY * 2)
    load_from(api, database, "2026-03-05", "2026-03-08")
    execute(database, "delete from claude_code.usage_report where day(date) = 8")
    api.fault = failing("2026-03-07")
    load_from(api, database, "2026-03-07", "2026-03-07")

    assert date(2026, 3, 7) == status_of(database).newest_final


@pytest.mark.slow
def test_a_fetch_of_a_clock_that_was_ahead_makes_no_day_final(api, database):
    """Nobody knows when the day was really fetched; the next load fetches it again."""
    load_from(api, database, "2026-03-08", "2026-03-08")
    load_from(api, database, "2026-03-09", "2026-03-09", now=NOON + HALF_A_DAY)

    assert date(2026, 3, 8) == status_of(database).newest_final


@pytest.mark.slow
def test_an_age_is_asked_for_of_an_account_that_has_no_final_day(api, tmp_path, call):
    """4 if no day was ever fetched, or none is final; 5 if there is no file.

    Without a key the status would be that of the account that is stored.
    """
    now = datetime.now(UTC)
    usage = tmp_path / "usage.duckdb"
    other = tmp_path / "other.duckdb"
    api.now = lambda: now
    load_from(api, usage, now=now, account="another")
    api.fault = lambda request: error(404, "not here")
    load_from(api, other, now=now)
    with duckdb.connect(tmp_path / "empty.duckdb"):
        pass
    words = ("--max-age", "30", "--json", "--database")
    never, failed, empty, missing = (
        call(*words, name, ANTHROPIC_ADMIN_KEY="sk-ant-admin-x")
        for name in ("usage.duckdb", "other.duckdb", "empty.duckdb", "missing.duckdb")
    )

    assert [4, 4, 4, 5] == [done.exit_code for done in (never, failed, empty, missing)]
    for done in (never, failed, empty):
        told = json.loads(done.stdout)
        assert "No day is final yet" in done.stderr
        assert "ccwarehouse load" in told["error"]
        assert (None, None, True) == (
            told["newest_final_day"],
            told["age_hours"],
            told["is_too_old"],
        )


@pytest.mark.parametrize("hours", ["0", "-1", "nan", "inf", "1e9", "1.5", ""])
def test_an_age_that_would_never_alarm_is_wrong_usage(call, hours):
    """Whole hours from 1 on."""
    done = call("--max-age", hours)

    assert 2 == done.exit_code
    assert "--max-age" in done.stderr
