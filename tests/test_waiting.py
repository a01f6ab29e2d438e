"""A load waits while another program holds the warehouse, and names it."""

import os
import signal
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import duckdb
import psycopg2
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.output import Output
from ccwarehouse.warehouses import open_warehouse, waiting
from ccwarehouse.warehouses.waiting import Patience
from claude_code_analytics import CLAUDE_CODE
from loads import History
from postgres import LOADER

pytestmark = pytest.mark.process

LONG = 60  # seconds; never waited in full, unless the test fails
HOLD = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True):
    print("holding", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def held(tmp_path, monkeypatch):
    """A DuckDB file that a BI tool has open for reading, and the tool."""
    monkeypatch.setattr(waiting, "POLL", 0.02)
    database = tmp_path / "usage.duckdb"
    duckdb.connect(database).close()
    words = [sys.executable, "-c", HOLD, str(database)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, text=True, **pipes) as reader:
        assert reader.stdout.readline() == "holding\n"
        yield database, reader
        reader.kill()


@pytest.fixture
def run(tmp_path):
    """A command in this process, against a fake API."""
    with FakeApi(History()) as api:
        given = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "2",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }
        yield lambda *words: CliRunner().invoke(main, words, env=given)


def test_a_load_goes_on_when_a_reader_lets_go_of_the_file(held):
    """It names the process that it waits for, at once and only once."""
    database, reader = held
    told = []

    def let_go(said):
        told.append(said)
        reader.kill()

    with open_warehouse(
        "duckdb",
        database,
        "claude_code",
        sole_writer=True,
        patience=Patience(LONG, let_go),
    ) as warehouse:
        assert warehouse.stored(CLAUDE_CODE, "default") == {}

    (line,) = told
    assert f"(PID {reader.pid}) has it open. Waiting up to {LONG} seconds" in line


def test_a_load_goes_on_when_another_load_of_the_dataset_ends(
    postgres, database, monkeypatch
):
    """In Postgres: it says which load it waits for."""
    monkeypatch.setattr(waiting, "POLL", 0.02)
    told = []
    other = psycopg2.connect(postgres.address(LOADER, database))
    with closing(other), other.cursor() as cursor:
        cursor.execute("select pg_advisory_lock(hashtext('ccwarehouse:usage'))")

        def let_go(said):
            told.append(said)
            other.close()

        with open_warehouse(
            "postgres",
            Path(),
            "usage",
            sole_writer=True,
            patience=Patience(LONG, let_go),
        ):
            pass

    (line,) = told
    assert f"another load writes to it (user {LOADER} from 127.0.0.1" in line


@pytest.mark.parametrize("command", ["load", "transform"])
def test_a_command_ends_with_5_when_it_has_waited_long_enough(held, run, command):
    """It names the holder at once, also with --quiet."""
    database, reader = held
    quiet = ["--quiet"] if command == "load" else []
    done = run(command, *quiet, "--wait=1", "--database", str(database))

    assert (ExitCode.WAREHOUSE, "") == (done.exit_code, done.stdout)
    waits, ends = done.stderr.splitlines()
    assert f"{database} is in use: " in waits
    assert f"(PID {reader.pid}) has it open. Waiting up to 1 seconds" in waits
    assert f"(PID {reader.pid}). Wait until it has ended" in ends


def test_ctrl_c_ends_the_wait(held, run, monkeypatch):
    """It ends with 130."""
    database, _ = held
    remark = Output.remark

    def interrupt(output, line):
        remark(output, line)
        threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()

    monkeypatch.setattr(Output, "remark", interrupt)
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        done = run("load", f"--wait={LONG}", "--database", str(database))
    finally:
        signal.signal(signal.SIGINT, usual)

    assert ExitCode.INTERRUPTED == done.exit_code
    assert "Waiting up to" in done.stderr
