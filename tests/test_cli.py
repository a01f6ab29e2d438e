"""The command line, for people and for scripts."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import click
import duckdb
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from ccwarehouse.cli import main
from ccwarehouse.exit_codes import ExitCode

PROGRAM = Path(sys.executable).with_name("ccwarehouse")


@pytest.fixture
def api():
    with FakeApi() as api:
        yield api


@pytest.fixture
def five_days(api):
    """The settings to load five days from the fake."""
    return {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "5",
        "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
        "SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT": "2",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }


class Done(NamedTuple):
    """How a command ended, and its output."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def call(five_days, tmp_path, monkeypatch):
    """Run a command in an empty folder, against the fake."""
    monkeypatch.chdir(tmp_path)

    def run(*words, **given):
        done = CliRunner().invoke(main, words, env=five_days | given)
        return Done(done.exit_code, done.stdout, done.stderr)

    return run


@pytest.fixture
def call_program(five_days, tmp_path):
    """Run a command there in its own process, which takes a second."""

    def run(*words, **given):
        done = subprocess.run(
            [PROGRAM, *words],
            cwd=tmp_path,
            env=os.environ | five_days | given,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


@pytest.mark.process
def test_a_first_load_a_second_one_and_the_checks(call, call_program, tmp_path):
    """Load, load again, rebuild the views and check them: each says what it did."""
    first, second = call_program("load"), call("load")
    checked = call("transform", "--check")

    assert (0, 0, 0) == (first.returncode, second.returncode, checked.returncode)
    assert "5 loaded, 5 changed" in first.stdout
    assert "3 loaded, 0 changed" in second.stdout
    assert "ccwarehouse.duckdb, tables in claude_code" in first.stdout
    assert "All checks hold." in checked.stdout
    assert (tmp_path / "ccwarehouse.duckdb").exists()


@pytest.mark.process
def test_the_summary_is_one_json_object_and_all_else_is_on_stderr(call_program):
    """`--json` prints nothing else on stdout."""
    done = call_program("load", "--json")
    summary = json.loads(done.stdout)

    assert 5 == summary["days_loaded"]
    assert {} == summary["days_failed"]
    assert summary["records"] > 0
    assert float(summary["cost_usd"]) > 0
    assert "5 of 5 days stored" in done.stderr


@pytest.mark.process
def test_quiet_says_nothing_when_nothing_needs_attention(call_program):
    """A quiet nightly load without faults prints nothing."""
    done = call_program("load", "--quiet")

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)


def test_a_dry_run_says_which_days_and_why_and_makes_nothing(call, api, tmp_path):
    """The plan makes no call and creates no file."""
    done = call("load", "--dry-run")
    machine = json.loads(call("load", "--dry-run", "--json").stdout)

    assert "5 days  never fetched" in done.stdout
    assert 6 == machine["calls_at_least"]
    assert "never fetched" == machine["plan"][0]["reason"]
    assert ([], []) == (api.calls, list(tmp_path.iterdir()))


@pytest.mark.slow
def test_failed_days_are_named_and_make_exit_code_4(call, api):
    """The reason is printed with the day, and the other days are loaded."""
    refused = []

    def fault(request):
        if not refused or refused[0] == request.query["starting_at"]:
            refused[:] = [request.query["starting_at"]]
            return error(404, "gone fishing")
        return None

    api.fault = fault
    done = call("load", "--concurrency", "1")

    assert 4 == done.returncode
    assert "gone fishing (request id req_" in done.stderr
    assert "4 loaded" in done.stdout
    assert "failed" in call("load", "--dry-run").stdout


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"ANTHROPIC_ADMIN_KEY": ""}, "No Admin API key is set"),
        ({"ANTHROPIC_ADMIN_KEY": "sk-ant-api03-mine"}, "needs an Admin API key"),
        ({"ANTHROPIC_ADMIN_KEY": "sk-ant-admin-old"}, "refused the key"),
        (
            {"SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": "http://example.com"},
            "base_url must be https",
        ),
        ({"SOURCES__CLAUDE_CODE_ANALYTICS__CONCURRENCY": "many"}, "concurrency"),
        ({"SOURCES__CLAUDE_CODE_ANALYTICS__LOOKBACK": "99999999"}, "from 0 to 3,660"),
    ],
)
def test_credentials_and_configuration_make_exit_code_3(call, environment, reason):
    """One line that says what to do, without the key, and no traceback."""
    done = call("load", **environment)
    key = environment.get("ANTHROPIC_ADMIN_KEY") or DEMO_API_KEY

    assert 3 == done.returncode
    assert reason in done.stderr
    assert 1 == len(done.stderr.strip().splitlines())
    assert key not in done.stderr + done.stdout


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--start", "10.3.2026"], "Write it as YYYY-MM-DD"),
        (["--start", "2026-02-30"], "Write it as YYYY-MM-DD"),
        (["--start", "2026-03-02", "--end", "2026-03-01"], "is after"),
        (["--start", "2999-01-01"], "in the future"),
        (["--end", "2999-01-01", "--start", "2999-01-01"], "in the future"),
        (["--lookback", "-1"], "--lookback"),
        (["--concurrency", "0"], "--concurrency"),
        (["--tomorrow"], "No such option"),
    ],
)
def test_wrong_usage_makes_exit_code_2_and_says_the_right_form(words, reason):
    """A wrong argument is refused before anything is opened."""
    done = CliRunner().invoke(main, ["load", *words])

    assert 2 == done.exit_code
    assert reason in done.output


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--destination", "nosuch"], "no such destination"),
        (["--database", "claude_code.duckdb"], "Name another file"),
    ],
)
def test_a_warehouse_that_cannot_be_is_wrong_usage_too(call, words, reason):
    """Impossible names are refused."""
    done = call("load", *words)

    assert 2 == done.returncode
    assert reason in done.stderr


@pytest.mark.process
def test_a_warehouse_that_cannot_be_used_makes_exit_code_5(
    call, call_program, tmp_path
):
    """A missing folder, a file that is not a database, a file in use."""
    text = tmp_path / "text.duckdb"
    text.write_text("no database\n" * 1000)
    held = tmp_path / "held.duckdb"
    missing = call("load", "--database", "nowhere/usage.duckdb")
    other = call("load", "--database", str(text))
    with duckdb.connect(held):
        locked = call_program("load", "--wait=0", "--database", str(held))
        looked = call_program("load", "--dry-run", "--database", str(held))
    unreachable = call(
        "load",
        "--destination=postgres",
        DESTINATION__POSTGRES__CREDENTIALS="postgresql://a:b@127.0.0.1:1/c",
    )

    done = (missing, other, locked, looked, unreachable)
    assert [(5, 1)] * 5 == [
        (call.returncode, len(call.stderr.strip().splitlines())) for call in done
    ]
    assert "is in use" in looked.stderr
    assert f"(PID {os.getpid()})" in locked.stderr
    assert "read-only" not in locked.stderr
    assert "no database\n" * 1000 == text.read_text()


def test_transform_before_the_first_load_says_to_load(call, tmp_path):
    """There are no tables to build on, and no file is created."""
    done = call("transform")

    assert 5 == done.returncode
    assert "oad first" in done.stderr
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_failing_check_shows_its_rows(call, tmp_path):
    """`transform --check` fails with the rows that break a claim."""
    call("load")
    with duckdb.connect(tmp_path / "ccwarehouse.duckdb") as connection:
        connection.execute(
            "update claude_code.usage_report__tool_actions set accepted = -7"
        )
    done = call("transform", "--check")

    assert 1 == done.returncode
    assert "counts_are_not_negative" in done.stderr
    assert "-7" in done.stderr


@pytest.mark.slow
def test_an_account_without_any_record_is_told_why(call, api):
    """An empty report is explained."""
    api.usage = lambda day: []
    done = call("load")

    assert 0 == done.returncode
    assert "Every day of this account is empty" in done.stderr
    assert "Bedrock" in done.stderr


@pytest.mark.slow
def test_the_demo_answers_its_questions_and_may_be_run_again(call, tmp_path):
    """No key is needed; the answers and the two next lines are printed."""
    for old in ("demo.duckdb", "demo.duckdb.wal"):
        (tmp_path / old).write_text("of an earlier demo that was killed")
    done = call("demo", ANTHROPIC_ADMIN_KEY="")

    assert 0 == done.returncode
    for answer in ("Teams and their budgets", "five costliest users", "by tool"):
        assert answer in done.stdout
    lines = done.stdout.splitlines()
    assert len(lines) <= 50, "all of it stays on one screen"
    assert max(map(len, lines[:-2])) <= 100
    load, ask = map(shlex.split, lines[-2:])
    assert ("ccwarehouse", "load") == (Path(load[-2]).name, load[-1])
    assert ("duckdb", "demo.duckdb") == (Path(ask[-2]).name, ask[-1])
    users = "select count(*) from claude_code_marts.user_cost_monthly"
    with duckdb.connect(tmp_path / "demo.duckdb") as connection:
        assert connection.sql(users).fetchone()[0] > 10


@pytest.mark.process
def test_the_fake_api_serves_what_it_says(tmp_path, call, api):
    """`fake-api` prints the line that loads from it; a taken port is wrong usage."""
    taken = call("fake-api", "--port", api.url.rpartition(":")[2])
    server = subprocess.Popen(
        [PROGRAM, "fake-api", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    try:
        url = server.stdout.readline().split()[1]
        done = call("load", SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL=url)
    finally:
        server.terminate()
        server.wait()

    assert 2 == taken.returncode
    assert 0 == done.returncode


@pytest.mark.parametrize("name", sorted(main.commands))
def test_every_command_and_option_has_help(name):
    """No help text is missing."""
    command = main.commands[name]

    assert command.help
    options = [param for param in command.params if isinstance(param, click.Option)]
    assert [] == [option.name for option in options if not option.help]
    told = CliRunner().invoke(main, [name, "--help"]).output
    assert command.help.splitlines()[0] in told


def test_exit_codes_are_in_the_help():
    """`--help` lists each code with its meaning."""
    text = CliRunner().invoke(main, ["load", "--help"]).output

    rows = re.findall(r"^ +(\d+)  (.*)$", text, re.MULTILINE)
    assert [(str(int(code)), code.meaning) for code in ExitCode] == rows
