"""`load --log-format json`: each line on stderr is one event, without personal data."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import duckdb
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import FakeApi, error
from ccwarehouse.cli import main
from ccwarehouse.words import progress
from loads import four_days_of_emea, record
from processes import interruptible
from test_json import documented

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
COMMON = ["time", "level", "event", "run_id", "account", "report", "is_unverified"]
EMAIL = "zoe.q7x@example.com"
TEAMS = f"email,team,valid_from\n{EMAIL},One,2026-01-01\n{EMAIL},Two,2026-01-01\n"


@pytest.fixture
def api():
    with FakeApi(lambda day: [record(str(day), EMAIL)]) as api:
        yield api


@pytest.fixture
def settings(api):
    return four_days_of_emea(api)


@pytest.fixture
def load(settings, tmp_path, monkeypatch):
    """A load in an empty folder with its events; every line must be one."""
    monkeypatch.chdir(tmp_path)

    def run(*words, **given):
        words = ["load", "--log-format", "json", *words]
        done = CliRunner().invoke(main, words, env=settings | given)
        done.events = list(map(json.loads, done.stderr.splitlines()))
        return done

    return run


def named(done, name):
    return [event for event in done.events if event["event"] == name]


@pytest.mark.slow
def test_a_load_tells_each_day_each_package_and_how_it_ended(load, api):
    """Every event has the run, the account, the report, the time and the level."""
    began = datetime.now(UTC) - timedelta(seconds=1)
    done = load()

    assert (0, "") == (done.exit_code, done.stdout)
    kinds = [event["event"] for event in done.events]
    assert ["day_loaded"] * 4 + ["package_committed", "summary"] == kinds
    assert {("emea", "claude_code", "info")} == {
        (event["account"], event["report"], event["level"]) for event in done.events
    }
    (run_id,) = {event["run_id"] for event in done.events}
    assert 4 == UUID(run_id).version
    assert all(COMMON == list(event)[: len(COMMON)] for event in done.events)
    times = [datetime.fromisoformat(event["time"]) for event in done.events]
    in_order = [began, *times, datetime.now(UTC)]
    assert sorted(in_order) == in_order
    assert {timedelta()} == {moment.utcoffset() for moment in times}


@pytest.mark.slow
def test_runs_differ_in_their_id(load):
    """So a collector can tell the events of two loads apart."""
    first, second = load().events[0], load().events[0]

    assert first["run_id"] != second["run_id"]


@pytest.mark.slow
def test_a_failed_day_is_a_warning_and_the_summary_an_error(load, api):
    """Each day is told once, as loaded or as failed, when its package is committed."""
    refused = []

    def fault(request):
        refused.append(request.query["starting_at"])
        return error(404, f"ask {EMAIL}") if refused[-1] == refused[0] else None

    api.fault = fault
    done = load("--json")
    (failed,), loaded = named(done, "day_failed"), named(done, "day_loaded")
    (package,), (summary,) = named(done, "package_committed"), named(done, "summary")

    assert (4, refused[0]) == (done.exit_code, failed["day"])
    assert ("warning", "error") == (failed["level"], summary["level"])
    assert "404 not_found_error: ask [email] (request id req_1)" == re.sub(
        r"req_\w+", "req_1", failed["error"]
    )
    assert (3, 1, 3) == (
        package["days_loaded"],
        package["days_failed"],
        package["records"],
    )
    days = [event["day"] for event in loaded]
    assert sorted(set(refused) - {refused[0]}) == sorted(days)
    assert {(1, True, True)} == {
        (event["records"], event["is_changed"], event["is_final"]) for event in loaded
    }


@pytest.mark.slow
def test_the_summary_is_the_object_that_json_prints(load):
    """One summary in two places: stderr for collectors, stdout for the caller."""
    done = load("--json")
    (summary,) = named(done, "summary")

    told = json.loads(done.stdout)
    # its account is in every event
    assert told == {key: summary[key] for key in told}
    assert set(told) == set(list(summary)[len(COMMON) :]) | {"account"}
    assert summary["days_loaded"] == 4


@pytest.mark.slow
def test_events_are_not_asked_for_unless_they_are(settings, tmp_path, monkeypatch):
    """Text stays the default."""
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(main, ["load"], env=settings)
    again = CliRunner().invoke(main, ["load", "--log-format=text"], env=settings)

    assert "4 of 4 days stored" in done.stderr
    assert "Days     3 loaded" in again.stdout


@pytest.mark.slow
def test_a_quiet_load_tells_only_what_needs_attention(load, api):
    """Nothing when all is well, otherwise warnings and errors."""
    good = load("--quiet")
    api.fault = lambda request: error(404, "gone")
    bad = load("--quiet")

    assert [] == good.events
    assert {"warning", "error"} == {event["level"] for event in bad.events}
    assert 3 == len(named(bad, "day_failed"))


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["--start", "soon"], 2, "Write it as YYYY-MM-DD"),
        (["--nosuch"], 2, "--nosuch"),
        (["--destination", "nosuch"], 2, "no such destination"),
        (["--database", "nowhere/usage.duckdb"], 5, "nowhere"),
        (["--teams", "teams.csv"], 3, "teams.csv"),
    ],
)
def test_an_error_is_an_event_too(load, tmp_path, words, code, reason):
    """The one line is in the summary; nothing else is on stderr."""
    (tmp_path / "teams.csv").write_text(TEAMS)
    done = load(*words)
    (summary,) = done.events

    assert (code, code, "error") == (
        done.exit_code,
        summary["exit_code"],
        summary["level"],
    )
    assert reason in summary["error"]
    assert EMAIL not in done.stderr


def test_settings_that_cannot_be_read_are_an_event(load):
    """The account is not known then, and null."""
    done = load(SOURCES__CLAUDE_CODE_ANALYTICS__LOOKBACK="many")
    (summary,) = done.events

    assert (3, None) == (summary["exit_code"], summary["account"])


@pytest.mark.slow
def test_remarks_are_events_without_emails(load, api):
    """Whatever the API sends as a name, no address is in an event."""

    def odd(day):
        made = record(str(day), EMAIL)
        made["model_breakdown"][0]["model"] = EMAIL
        return [made | {EMAIL: 1}]

    load()
    api.usage = odd
    done = load("--json")
    remarks = [event["message"] for event in named(done, "remark")]

    assert "Models seen for the first time: [email]" in remarks
    assert {"warning"} == {event["level"] for event in named(done, "remark")}
    assert EMAIL not in done.stderr
    assert EMAIL in done.stdout  # as ever: stdout is for the caller


@pytest.mark.slow
def test_a_password_is_in_no_event(load):
    """The driver quotes the address it could not reach."""
    password = "hunter-Kj5Lw9"
    done = load(
        "--destination=postgres",
        DESTINATION__POSTGRES__CREDENTIALS=f"postgresql://a:{password}@127.0.0.1:1/c",
    )

    assert 5 == done.exit_code
    assert password not in done.stderr


@pytest.mark.slow
def test_waiting_is_an_event(load, api, monkeypatch):
    """For an API that does not answer; not a line of text among the events."""
    monkeypatch.setattr(progress, "LISTENING", 0.001)
    monkeypatch.setattr(progress, "SILENCE", 0.01)
    # the first call is answered: the days are waited for
    api.fault = lambda request: error(503, "Overloaded") if api.calls[1:] else None
    done = load()
    remarks = [event["message"] for event in named(done, "remark")]

    assert (7, "") == (done.exit_code, done.stdout)
    assert any(line.startswith("No answer from the API") for line in remarks)


@pytest.mark.process
def test_a_warehouse_in_use_is_an_event(settings, tmp_path):
    """The load says whom it waits for, as an event of its account."""
    with duckdb.connect(tmp_path / "ccwarehouse.duckdb"):
        done = subprocess.run(
            [PROGRAM, "load", "--log-format", "json", "--wait", "1"],
            cwd=tmp_path,
            env=os.environ | settings,
            capture_output=True,
            text=True,
            check=False,
        )
    remark, summary = map(json.loads, done.stderr.splitlines())

    assert ("remark", "emea", 5) == (
        remark["event"],
        remark["account"],
        summary["exit_code"],
    )
    assert "is in use" in remark["message"]


@pytest.mark.process
@pytest.mark.usefixtures("in_the_background")
def test_an_interrupted_load_ends_with_its_summary(settings, api, tmp_path):
    """SIGTERM: the last line has the code 130 and what is committed."""
    api.fault = lambda request: len(api.calls) > 1 and time.sleep(2)
    process = interruptible(
        [PROGRAM, "load", "--log-format", "json"],
        cwd=tmp_path,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(api.calls) < 2 and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=30)
    *_, summary = map(json.loads, told.splitlines())

    assert (130, 130, "summary") == (
        process.returncode,
        summary["exit_code"],
        summary["event"],
    )
    assert "0 of 4 days are committed" in summary["error"]


@pytest.mark.slow
def test_every_event_is_documented(load, api):
    """docs/json.md has the events and their keys, and no others."""
    refused = []

    def fault(request):
        refused.append(request.query["starting_at"])
        return error(404, "gone") if refused[-1] == refused[0] else None

    api.fault = fault
    done = load()
    keys = {
        f"{event['event']}.{key}"
        for event in done.events
        if event["event"] != "summary"
        for key in event
        if key not in COMMON
    }

    section = "load --log-format json"
    assert keys | set(COMMON) == documented(section)
