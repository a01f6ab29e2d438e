"""Ctrl-C, full disks and unusable files: nothing is lost, one line says why."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.load import PACKAGE_DAYS
from loads import query, record
from processes import interruptible

with suppress(ImportError):  # Windows has no such limits
    import resource

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
UV = Path(sys.executable).with_name("uv")
DAYS = PACKAGE_DAYS + 15
THREE_DAYS = ("--start", "2026-01-01", "--end", "2026-01-03")

pytestmark = [pytest.mark.process, pytest.mark.usefixtures("in_the_background")]


@pytest.fixture
def api():
    with FakeApi() as api:
        yield api


@pytest.fixture
def start(api, tmp_path):
    """Start a load of many days in its own process, with its temporary files in tmp."""
    (tmp_path / "tmp").mkdir()
    started = []

    def run(*words, **given):
        environment = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": str(DAYS),
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            "TMPDIR": str(tmp_path / "tmp"),
            # under a limit on file sizes Python would leave partial .pyc files
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        process = interruptible(
            [PROGRAM, "load", *words],
            cwd=tmp_path,
            env=os.environ | environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **given,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_load_says_what_is_in_and_the_next_goes_on(
    api, start, tmp_path, number
):
    """It ends at once, although calls hang, and the next load can start."""
    hanging = {"from": PACKAGE_DAYS + 8}
    api.usage = lambda day: [record(str(day))]  # this test needs days, not rows

    def fault(request):
        hangs = len(api.calls) > hanging["from"]
        return replace(api.answer(request), stall=60) if hangs else None

    api.fault = fault
    first = start()
    assert f"{PACKAGE_DAYS} of {DAYS} days stored" in first.stderr.readline()
    first.send_signal(number)
    began = time.monotonic()
    told = first.stderr.read()
    code = first.wait(60)
    seconds = time.monotonic() - began

    assert 130 == code
    assert (
        f"Interrupted. {PACKAGE_DAYS} of {DAYS} days are committed to "
        "ccwarehouse.duckdb" in told
    )
    assert seconds < 10  # two on an idle machine; the hanging calls take a minute
    assert [] == list((tmp_path / "tmp").iterdir())
    hanging["from"] = 10**6
    assert 0 == start().wait(120)
    stored = "select count(distinct date) from claude_code.day_fetches"
    assert [(DAYS,)] == query(tmp_path / "ccwarehouse.duckdb", stored)


def test_a_full_disk_is_one_line_and_the_old_data_is_untouched(start, tmp_path):
    """When the file cannot grow, the load ends with 5; the next load continues."""
    assert 0 == start("--start", "2026-01-01", "--end", "2026-01-10").wait(120)
    database = tmp_path / "ccwarehouse.duckdb"
    rows = "from claude_code.usage_report where date < '2026-02-01' order by _dlt_id"
    before = query(database, rows)
    most = database.stat().st_size + 4096

    def fill_up():
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

    days = ("--start", "2026-02-01", "--end", "2026-03-15")
    full = start(*days, preexec_fn=fill_up)
    _, told = full.communicate(timeout=120)

    assert 5 == full.returncode, told
    assert "Traceback" not in told
    assert before == query(
        database, f"select * from ({rows}) where date < '2026-02-01'"
    )
    assert 0 == start(*days).wait(120)


def test_a_file_of_a_newer_duckdb_is_left_alone(start, tmp_path):
    """For a file that this DuckDB cannot read: one line and exit code 5."""
    database = tmp_path / "newer.duckdb"
    code = (
        "import duckdb; duckdb.connect('newer.duckdb', config="
        "{'storage_compatibility_version': 'latest'}).execute('create table t (a int)')"
    )
    isolated = ("run", "--quiet", "--isolated", "--no-project", "--python")
    newest = (sys.executable, "--with", "duckdb==2.0.0", "python", "-c", code)
    subprocess.run([UV, *isolated, *newest], cwd=tmp_path, check=True)
    before = database.read_bytes()
    load = start("--database", "newer.duckdb")
    _, told = load.communicate(timeout=120)

    assert 5 == load.returncode
    assert 1 == len(told.strip().splitlines())
    assert before == database.read_bytes()


def test_a_place_nobody_may_write_to_is_one_line(start):
    """Missing rights end with 5 and advice."""
    load = start("--database", "/proc/usage.duckdb")
    _, told = load.communicate(timeout=120)

    assert 5 == load.returncode
    assert 1 == len(told.strip().splitlines())
    assert "writable" in told


def test_a_second_load_says_who_writes_and_a_crashed_one_holds_nothing(
    api, start, tmp_path
):
    """The second load ends with 5 and names the first one's process. When the first is
    killed, the file is free, and the next load removes its temporary files.
    """
    asked = []

    def stall(request):
        if request.query["limit"] == "1":  # the preflight call
            return None
        asked.append(request)
        return replace(api.answer(request), stall=60)

    api.fault = stall
    first = start(*THREE_DAYS)
    while not asked:
        time.sleep(0.05)
    second = start("--wait=0", *THREE_DAYS)
    _, told = second.communicate(timeout=120)
    first.kill()
    first.wait()
    api.fault = None

    assert 5 == second.returncode
    assert f"PID {first.pid}" in told
    assert 0 == start(*THREE_DAYS).wait(120)
    assert [] == list((tmp_path / "tmp").iterdir())
