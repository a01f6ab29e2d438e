"""`--json`: one object on stdout for every end, with documented keys only."""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, directory, error
from api import record
from ccwarehouse.cli import main
from ccwarehouse.warehouses.other import Engine
from loads import execute

DOCUMENT = (Path(__file__).parent.parent / "docs" / "json.md").read_text()
COMMON = ["exit_code", "error", "version"]
MAPS = {
    *("days", "rows", "days_failed", "days_standing", "duplicates"),
    *("shared_organizations", "undecided_actors", "undecided_keys", "roster"),
}
# Rows of another account: of the same organisation, and without a key here.
OTHER = """
    insert into claude_code.{table} by name
    select * replace ('other' as account) from claude_code.{table} limit 1
"""
# A table of someone else, in which names stay.
NOTE = "create table claude_code.notes as select 'dev@example.com' as note"
BUDGETS = (
    "scope,name,month,amount,currency\n"
    "organisation,,{month},1,{currency}\n"
    "user,nobody@example.com,{month},1,{currency}\n"
    "team,Nobody,{month},1,{currency}\n"
    "account,nobody,{month},1,{currency}\n"
)


def documented(section):
    """The keys in a section's table."""
    text = DOCUMENT.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `([^`]+)` \|", text, re.MULTILINE))


def keys(value, path="", *, is_map=False):
    """The paths to all values that are neither objects nor lists."""
    match value:
        case dict():
            parts = (
                keys(
                    inner,
                    f"{path}.{'*' if is_map else name}".lstrip("."),
                    is_map=name in MAPS and isinstance(inner, dict),
                )
                for name, inner in value.items()
            )
        case list():
            parts = (keys(inner, f"{path}[]") for inner in value)
        case _:
            return {path}
    return set().union(*parts)


@pytest.fixture
def api():
    with FakeApi(lambda day: usage(day, "claude-opus-4-1", "gone")) as api:
        yield api


def usage(day, model, organization):
    """A day with all that a summary has: drift, duplicates, models, organisations."""
    made = record(date=f"{day}T00:00:00Z", surprise=1)
    made["model_breakdown"][0]["model"] = model
    key = {"type": "api_actor", "api_key_name": "ci"}
    other = {"organization_id": organization}
    return [made, made, made | other, made | other | {"actor": key}]


def tagged(api, call, monkeypatch):
    """Loads with teams of tags: with all that these leave open, and of a team less."""
    words = ("load", "--teams", "workspace_tag:team")
    with monkeypatch.context() as patch:
        patch.setenv("CCWAREHOUSE__REPORTS", "claude_code,directory")
        patch.setattr(api.neighbours, "organization", {"id": "gone", "type": "o"})
        patch.setattr(directory, "_ORDINARY", named_alike(directory._ORDINARY))
        told = [call(*words)[1]]
        patch.setattr(api.neighbours, "workspaces", without_platform)
        told.append(call(*words)[1])
    for each in told:
        del each["reports"]  # of a section of their own
    return told


def without_platform(today):
    """The workspaces, without the tag of that team."""
    return [
        one | ({"tags": {}} if one["tags"].get("team") == "Platform" else {})
        for one in directory.workspaces(today)
    ]


def named_alike(keys):
    """Keys of one name in several workspaces."""
    return [key | {"name": "ci"} for key in keys]


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command in an empty folder; returns its exit code and the object."""
    given = {"BASE_URL": api.url, "INITIAL_DAYS": "3", "CONCURRENCY": "1"}
    for name, value in given.items():
        monkeypatch.setenv(f"SOURCES__CLAUDE_CODE_ANALYTICS__{name}", value)
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)
    monkeypatch.chdir(tmp_path)

    def run(*words):
        done = CliRunner().invoke(main, [*words, "--json"])
        return done.exit_code, json.loads(done.stdout)

    return run


@pytest.mark.slow
def test_every_key_is_documented_and_every_documented_key_is_there(
    api, call, tmp_path, monkeypatch
):
    """The keys that all commands print are those in docs/json.md."""
    month = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m}"
    good, bad = tmp_path / "good.csv", tmp_path / "bad.csv"
    good.write_text(BUDGETS.format(month=month, currency="USD"))
    bad.write_text(BUDGETS.format(month=month, currency="XXX"))
    dry_run = call("load", "--dry-run", "--budgets", "good.csv")
    objects = {"load --dry-run": [dry_run[1]]}
    objects["load"] = [call("load", "--budgets", "good.csv")[1]]
    objects["load"].append(call("load", "--budgets", "bad.csv")[1])
    objects["load"] += tagged(api, call, monkeypatch)
    objects["budgets"] = [call("budgets")[1]]
    objects["export"] = [call("export", "user_daily", "--out", "users.csv")[1]]
    objects["report"] = [call("report", "--png", str(tmp_path))[1]]
    objects["export without a view"] = [call("export")[1]]
    objects["dbt-sources"] = [call("dbt-sources", "--out", "sources.yml")[1]]
    for table in ("usage_report", "day_fetches"):
        execute(tmp_path / "ccwarehouse.duckdb", OTHER.format(table=table))
    refused, emptied = [], []

    def later(day):
        if not emptied or day in emptied:
            emptied.append(day)
            return []
        return usage(day, "claude-next", "new")

    def fault(request):
        refused.append(request.query["starting_at"])
        return error(404, "gone") if refused[-1] == refused[0] else None

    api.fault, api.usage = fault, later
    objects["load"].append(call("load")[1])
    api.fault = None
    objects["status"] = [call("status")[1]]
    words = ("--to", "duckdb", "--to-database", "copy.duckdb")
    objects["copy"] = [call("copy", *words)[1]]
    objects["doctor"] = [call("doctor")[1]]
    objects["transform"] = [call("transform")[1]]
    tools = "usage_report__tool_actions"
    execute(
        tmp_path / "ccwarehouse.duckdb", f"update claude_code.{tools} set accepted = -7"
    )
    objects["transform"].append(call("transform", "--check")[1])
    execute(tmp_path / "ccwarehouse.duckdb", NOTE)
    person = "dev@example.com"
    objects["forget --dry-run"] = [call("forget", person, "--dry-run")[1]]
    objects["forget"] = [call("forget", person)[1]]
    monkeypatch.setenv("CCWAREHOUSE__PSEUDONYMISE", "true")
    monkeypatch.setenv("CCWAREHOUSE__PSEUDONYM_SECRET", 32 * "s")
    objects["pseudonymise"] = [call("pseudonymise")[1]]

    produced = {name: set().union(*map(keys, found)) for name, found in objects.items()}
    common = documented("every command")
    assert {name: common | documented(name) for name in objects} == produced
    assert all(COMMON == list(end)[:3] for found in objects.values() for end in found)


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (["load", "--start", "10.3.2026"], 2, "Write it as YYYY-MM-DD"),
        (["load", "--start", "2999-01-01"], 2, "in the future"),
        (["status", "--nosuch"], 2, "--nosuch"),
        (["nosuch"], 2, "nosuch"),
        (["load", "--destination", "nosuch"], 2, "no such destination"),
        (["load", "--database", "nowhere/usage.duckdb"], 5, "nowhere"),
        (["status"], 5, "does not exist yet"),
        (["transform"], 5, "does not exist yet"),
        (["budgets"], 5, "does not exist yet"),
        (["budgets", "--month", "2026-13"], 2, "Write it as YYYY-MM"),
        (["export", "user_cost", "--out", "x"], 2, "Did you mean"),
        (["export", "user_daily", "--out", "x"], 5, "does not exist yet"),
        (["dbt-sources"], 2, "Name it: --out"),
        (["dbt-sources", "--out", "no/x.yml"], 2, "folder does not exist"),
        (["dbt-sources", "--out", "x", "--dataset", "-"], 2, "needs a letter"),
    ],
)
def test_an_error_is_an_object_too(call, words, code, reason):
    """The object has the process's exit code and the one line."""
    ended, told = call(*words)

    assert (code, code) == (ended, told["exit_code"])
    assert COMMON == list(told)
    assert reason in told["error"]
    assert 1 == len(told["error"].splitlines())


@pytest.mark.parametrize(
    "command", ["load", "status", "budgets", "transform", "doctor"]
)
@pytest.mark.parametrize(
    ("raised", "code", "reason"),
    [
        (ZeroDivisionError("ada@example.com"), 1, "ZeroDivisionError"),
        (KeyboardInterrupt(), 130, "Interrupted."),
    ],
)
def test_bugs_and_interruptions_are_objects_too(
    call, monkeypatch, command, raised, code, reason
):
    """The object names the bug's class; its message is only in the traceback."""

    def fail(*_):
        raise raised

    monkeypatch.setattr(Engine, "stored_name", fail)
    ended, told = call(command)

    assert (code, code) == (ended, told["exit_code"])
    assert reason in told["error"]
    assert "ada" not in told["error"]


def test_what_needs_fixing_is_the_error(api, call, monkeypatch):
    """When the code is not 0, `error` says why, for every command."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", "sk-ant-admin-old")
    doctor = call("doctor")
    load = call("load")

    assert (3, 3) == (doctor[0], load[0])
    assert "The API does not know the key" in doctor[1]["error"]
    assert "refused the key" in load[1]["error"]
    assert "(sk-ant-admin...)" in load[1]["error"]


@pytest.mark.process
def test_a_bug_keeps_its_traceback(tmp_path):
    """The object is on stdout, the traceback on stderr, and the code is 1."""
    code = (
        "import sys\n"
        "from ccwarehouse.cli import main\n"
        "module = sys.modules['ccwarehouse.cli.load']\n"
        "module._require_range = lambda *_: 1 / 0\n"
        "main(['load', *sys.argv[1:]])"
    )
    told, plain = (
        subprocess.run(
            [sys.executable, "-c", code, *words],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        for words in (["--json"], [])
    )

    assert (1, 1) == (told.returncode, json.loads(told.stdout)["exit_code"])
    assert (1, "") == (plain.returncode, plain.stdout)
    assert told.stderr == plain.stderr
    assert "Traceback" in plain.stderr
    assert plain.stderr.endswith("ZeroDivisionError: division by zero\n")


@pytest.mark.process
def test_the_module_is_the_command():
    """`python -m ccwarehouse` runs, and its help shows this spelling."""
    words = [sys.executable, "-m", "ccwarehouse", "load", "-h"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)

    assert (0, "") == (done.returncode, done.stderr)
    assert "Usage: python -m ccwarehouse load [OPTIONS]" in done.stdout


@pytest.mark.process
@pytest.mark.parametrize("words", [[], *([name] for name in sorted(main.commands))])
def test_h_is_help(words):
    """Both forms print the same, for every command."""
    short, long = (
        CliRunner().invoke(main, [*words, flag]) for flag in ("-h", "--help")
    )

    assert (0, long.output) == (short.exit_code, short.output)
