"""`load --metrics`: a file that Prometheus' own parser reads, whatever happens."""

import os
import re
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from prometheus_client.parser import text_string_to_metric_families

from anthropic_admin_api.fake import FakeApi, error
from ccwarehouse import metrics
from ccwarehouse.cli import main
from ccwarehouse.export import sinks
from loads import four_days_of_emea, record
from processes import interruptible
from whole_days.calendar import Calendar, end_of

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
LABELS = {"account": "emea", "report": "claude_code"}
PREFIX = "ccwarehouse_load_"


def families(file):
    return list(text_string_to_metric_families(file.read_text()))


def values(file):
    """The value of each metric, without the common prefix."""
    return {
        sample.name.removeprefix(PREFIX): sample.value
        for family in families(file)
        for sample in family.samples
    }


def complete():
    """The newest complete day."""
    return Calendar(datetime.now(UTC), timedelta(minutes=90)).last_complete


@pytest.fixture
def api():
    with FakeApi(lambda day: [record(str(day))] * 2) as api:
        yield api


@pytest.fixture
def settings(api):
    return four_days_of_emea(api)


@pytest.fixture
def load(settings, tmp_path, monkeypatch):
    """A load in an empty folder, with metrics in load.prom."""
    monkeypatch.chdir(tmp_path)

    def run(*words, **given):
        words = ["load", "--metrics", "load.prom", *words]
        return CliRunner().invoke(main, words, env=settings | given)

    return run


@pytest.fixture
def file(tmp_path):
    return tmp_path / "load.prom"


@pytest.mark.slow
def test_a_load_that_succeeds_says_how_much_and_when(load, file):
    """Counts and times are those of the load, with account and report as labels."""
    began = time.time()
    done = load()
    found = values(file)

    assert 0 == done.exit_code, done.stderr
    assert began <= found["last_success_timestamp_seconds"] <= time.time()
    assert found["last_run_timestamp_seconds"] == found.pop(
        "last_success_timestamp_seconds"
    )
    assert began <= found.pop("last_run_timestamp_seconds")
    assert 0 < found.pop("duration_seconds") <= time.time() - began + 0.001
    assert {
        "exit_code": 0,
        "newest_final_day_end_timestamp_seconds": end_of(complete()).timestamp(),
        "day_lag": 0,
        "loaded_day_fetches": 4,
        "failed_day_fetches": 0,
        "records": 8,
        "api_calls": 5,
        "api_retries": 0,
    } == found
    labels = [sample.labels for family in families(file) for sample in family.samples]
    assert [LABELS] * len(labels) == labels


@pytest.mark.slow
def test_the_names_follow_the_rules_of_prometheus(load, file):
    """Each metric has HELP and TYPE once; units are base units, gauges no totals."""
    load()
    text = file.read_text()

    for family in families(file):
        assert ("gauge", 1) == (family.type, len(family.samples))
        assert re.fullmatch("ccwarehouse_load_[a-z]+(_[a-z]+)*", family.name)
        assert re.search(r"^\w[^\n]+\.$", family.documentation)
        assert not re.search("_(total|count|sum|bucket|info)$", family.name)
        assert not {"minutes", "hours", "days", "weeks"} & set(family.name.split("_"))
        assert ("timestamp" in family.name) <= family.name.endswith("_seconds")
        for kind in ("HELP", "TYPE"):
            assert 1 == text.count(f"# {kind} {family.name} ")
    assert text.endswith("\n")


@pytest.mark.slow
def test_failed_days_calls_and_retries_are_counted(load, api, file):
    """The newest days fail after retries: they are behind, and there is no success."""
    newest = str(complete())

    def fault(request):
        return error(503, "no") if request.query["starting_at"] == newest else None

    api.fault = fault
    done = load()
    found = values(file)

    assert (4, 4) == (done.exit_code, found["exit_code"])
    assert (3, 1, 1) == (
        found["loaded_day_fetches"],
        found["failed_day_fetches"],
        found["day_lag"],
    )
    assert len(api.calls) == found["api_calls"]
    tries = [call for call in api.calls if call.query["starting_at"] == newest]
    # the preflight asks for the newest day as well, once
    assert len(tries) - 2 == found["api_retries"] > 0
    day = complete() - timedelta(days=1)
    assert end_of(day).timestamp() == found["newest_final_day_end_timestamp_seconds"]
    assert "last_success_timestamp_seconds" not in found


@pytest.mark.slow
def test_a_failure_keeps_when_the_last_load_succeeded(load, api, file):
    """After a success, a refused key, a broken file and settings that are wrong."""
    load()
    good = values(file)
    kept = ("last_success_timestamp_seconds", "newest_final_day_end_timestamp_seconds")
    refused = load(ANTHROPIC_ADMIN_KEY="sk-ant-admin-old")
    after = [values(file)]
    broken = load("--database", "load.prom/x.duckdb")
    after.append(values(file))
    wrong = load(SOURCES__CLAUDE_CODE_ANALYTICS__LOOKBACK="many")
    after.append(values(file))
    calls = len(api.calls)

    assert [3, 5, 3] == [done.exit_code for done in (refused, broken, wrong)]
    assert [3, 5, 3] == [found["exit_code"] for found in after]
    assert [[good[name] for name in kept]] * 3 == [
        [found[name] for name in kept] for found in after
    ]
    times = [found["last_run_timestamp_seconds"] for found in (good, *after)]
    assert sorted(set(times)) == times
    assert ["day_lag" in found for found in after] == [False] * 3
    assert calls == good["api_calls"] + sum(found["api_calls"] for found in after)


@pytest.mark.slow
def test_the_success_of_another_account_is_not_ours(load, file):
    """A file has one account; another's time of success is not taken over."""
    load()
    done = load(
        SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNT="apac",
        ANTHROPIC_ADMIN_KEY="sk-ant-admin-old",
    )

    assert 3 == done.exit_code
    assert "last_success_timestamp_seconds" not in values(file)
    assert 'account="apac"' in file.read_text()


@pytest.mark.process
@pytest.mark.usefixtures("in_the_background")
def test_an_interrupted_load_says_so(settings, api, tmp_path, file):
    """SIGTERM while calls hang: the exit code is 130."""
    api.fault = lambda request: time.sleep(2)
    process = interruptible(
        [PROGRAM, "load", "--metrics", file],
        cwd=tmp_path,
        env=os.environ | settings,
        stderr=subprocess.PIPE,
    )
    while not api.calls and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=30)

    assert (130, 130) == (process.returncode, values(file)["exit_code"])


@pytest.mark.slow
def test_a_bug_is_in_the_metrics(load, file, monkeypatch):
    """The traceback stays, and the exit code is 1."""

    def fail(*_):
        raise ZeroDivisionError

    monkeypatch.setattr("ccwarehouse.warehouses.warehouse.Warehouse.stored", fail)
    done = load()

    assert isinstance(done.exception, ZeroDivisionError)
    assert 1 == values(file)["exit_code"]


@pytest.mark.slow
def test_a_reader_never_sees_half_a_file(load, file, tmp_path, monkeypatch):
    """The new file is complete when it takes the old one's place, with its mode."""
    load()
    file.chmod(0o604)
    before, seen = file.read_text(), []
    replace = os.replace

    def look(draft, target):
        if Path(target) == file:
            seen.append((file.read_text(), Path(draft).suffix, len(families(draft))))
        replace(draft, target)

    monkeypatch.setattr(os, "replace", look)
    load()

    assert [(before, f".{os.getpid()}", len(families(file)))] == seen
    assert 0o604 == file.stat().st_mode & 0o777
    assert {"ccwarehouse.duckdb", "load.prom"} == set(os.listdir(tmp_path))


@pytest.mark.slow
def test_a_disk_that_fills_up_leaves_the_old_file_and_is_told(load, file, monkeypatch):
    """A load that succeeded ends with 5; one that failed keeps its code."""
    load()
    before = file.read_text()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sinks.os, "write", fail)
    full = load()
    both = load(ANTHROPIC_ADMIN_KEY="sk-ant-admin-old")

    assert (5, 3) == (full.exit_code, both.exit_code)
    for done in (full, both):
        assert (
            "load.prom could not be written and is as it was: No space" in done.stderr
        )
    assert before == file.read_text()


@pytest.mark.slow
def test_a_dry_run_leaves_the_file(load, file):
    """It loads nothing, so there is nothing to measure."""
    load()
    before = file.read_text()
    done = load("--dry-run")

    assert (0, before) == (done.exit_code, file.read_text())


@pytest.mark.parametrize(
    ("name", "words", "reason"),
    [
        ("nowhere/load.prom", [], "cannot be written: No such file or directory"),
        ("notes.txt", [], "holds no metrics of a load"),
        ("usage.duckdb", ["--database", "usage.duckdb"], "--database name the same"),
        ("readers.duckdb", ["--publish", "readers.duckdb"], "--publish name the same"),
        ("folder", [], "is a directory"),
        ("folder/", [], "is a folder"),
        ("pipe", [], "is no file"),
        ("x" * 253, [], "File name too long"),
    ],
)
def test_a_file_that_cannot_be_is_refused_before_the_load(
    load, api, tmp_path, name, words, reason
):
    """No call is made, and nothing is written or lost."""
    (tmp_path / "notes.txt").write_text("Not to be lost.")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    done = load("--metrics", name, *words)

    assert (2, []) == (done.exit_code, api.calls)
    assert reason in done.stderr
    assert ["folder", "notes.txt", "pipe"] == sorted(os.listdir(tmp_path))
    assert "Not to be lost." == (tmp_path / "notes.txt").read_text()


def test_every_metric_is_told_of():
    """docs/operations.md has a row for each, with its meaning."""
    page = (Path(__file__).parent.parent / "docs" / "operations.md").read_text()
    rows = re.findall(r"^\| `ccwarehouse_load_(\w+)` \|", page, re.MULTILINE)

    assert list(metrics.HELP) == rows
