"""What `doctor` finds: it tries all that a load needs and says how to fix it."""

import json
import os
import subprocess
import sys
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb
import httpx
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, Response, error
from ccwarehouse.cli import main
from ccwarehouse.doctor import examine
from ccwarehouse.doctor.api import EMPTY_ACCOUNT, days_to_ask
from ccwarehouse.doctor.finding import ok, problem, skipped
from ccwarehouse.doctor.organisation import Whose
from ccwarehouse.doctor.warehouse import SCRATCH, examine_warehouse, write_and_remove
from ccwarehouse.exit_codes import ExitCode
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.doctor import exit_code
from claude_code_analytics import resolve_settings
from loads import EXAMPLE, NOON, History, execute, load_from, query, record, served
from postgres import execute as postgres_execute

NOBODY = [Whose("default", None)]

CHECKS = [
    "settings",
    "key",
    "API",
    "access",
    "newest data",
    "clock",
    "warehouse",
    "views",
    "privacy",
    "organisation",
    "secrets",
]
MONDAY = date(2026, 3, 9)  # the last complete day at NOON


@pytest.fixture
def api():
    with served(History({str(MONDAY): [record(str(MONDAY))]})) as api:
        yield api


@pytest.fixture
def database(tmp_path):
    return tmp_path / "usage.duckdb"


@pytest.fixture
def examined(api, database):
    """What doctor finds, by check."""

    def run(*, now=NOON, file=database, folders=(), transport=None, **settings):
        given = {"base_url": api.url, "api_key": DEMO_API_KEY, "max_wait": 2}
        findings = examine(
            lambda: [resolve_settings(**(given | settings))],
            "duckdb",
            file,
            "claude_code",
            folders=folders,
            transport=transport,
            clock=lambda: now,
        )
        return {finding.check: finding for finding in findings}

    return run


def verdicts(found):
    return {check: str(finding.verdict) for check, finding in found.items()}


def those(found, verdict):
    return [check for check, finding in found.items() if finding.verdict == verdict]


def tables_of(database):
    """All rows of a DuckDB file, without load times."""
    with duckdb.connect(database, read_only=True) as connection:
        schemas = connection.sql("select schema_name from duckdb_schemas()").fetchall()
        names = "select schema_name, table_name, estimated_size from duckdb_tables()"
        views = "select schema_name, view_name, sql from duckdb_views()"
        return (
            sorted(schemas),
            sorted(connection.sql(names).fetchall()),
            sorted(connection.sql(views).fetchall()),
        )


@pytest.mark.slow
def test_a_machine_that_can_load_is_told_so(api, database, examined):
    """After a load every check is ok, in a fixed order, and the code is 0."""
    load_from(api, database, views=True)
    found = examined()

    assert dict.fromkeys(CHECKS, "ok") == verdicts(found)
    assert CHECKS == list(found)
    assert ExitCode.DONE == exit_code(found.values())


def test_before_the_first_load_nothing_is_made(database, tmp_path, examined):
    """The check does not create the file, and leaves the folder empty."""
    found = examined()

    assert "its folder can be written" in found["warehouse"].text
    assert ["views"] == those(found, "skipped")
    assert ExitCode.DONE == exit_code(found.values())
    assert [] == list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["", "sk-ant-admin-\u00e9"], ids=["none", "garbled"])
def test_without_a_usable_key_the_api_is_not_asked(api, examined, monkeypatch, key):
    """The key's line says what to do, and the checks that need a key are skipped."""
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)
    found = examined(api_key=key)

    assert ["key"] == those(found, "problem")
    skipped_ones = ["API", "access", "newest data", "clock", "views", "organisation"]
    assert skipped_ones == those(found, "skipped")
    assert (ExitCode.CONFIGURATION, []) == (exit_code(found.values()), api.calls)


def test_settings_that_cannot_be_used_do_not_hide_the_rest(api, examined):
    """The warehouse and the secrets are still checked."""
    found = examined(base_url="http://example.com")

    assert ["settings"] == those(found, "problem")
    assert "base_url must be https" in found["settings"].text
    assert ("ok", "ok") == (found["warehouse"].verdict, found["secrets"].verdict)
    assert ExitCode.CONFIGURATION == exit_code(found.values())


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("sk-ant-admin-gone", "does not know the key"),
        ("sk-ant-api03-x", "not an Admin key"),
    ],
    ids=["401", "403"],
)
def test_an_unknown_key_and_one_of_the_wrong_kind_are_told_apart(examined, key, words):
    """The API refuses: the line says why, and who makes the right key."""
    found = examined(api_key=key)

    assert ["access"] == those(found, "problem")
    assert words in found["access"].text
    assert "request id req_" in found["access"].text
    assert found["access"].text.endswith("set it as ANTHROPIC_ADMIN_KEY.")
    assert ("ok", "ok") == (found["API"].verdict, found["clock"].verdict)
    assert ExitCode.CONFIGURATION == exit_code(found.values())


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(529, "overloaded"), "529"),
        (error(404, "no such path"), "no such path"),
        (error(402, "no credit"), "no credit"),
        (Response(200, {}, b"<html>Sign in</html>"), "not JSON"),
        (Response(200, {}, b'{"message": "hello"}'), "`data`"),
        (Response(302, {"location": "https://elsewhere.example/"}), "elsewhere"),
    ],
    ids=["overloaded", "path", "billing", "html", "json", "redirect"],
)
def test_an_api_that_answers_amiss_is_worth_a_look(api, examined, reply, words):
    """The line shows the reply; the key is not judged."""
    api.fault = lambda request: reply
    found = examined()

    assert ["API"] == those(found, "problem")
    assert words in found["API"].text
    assert found["API"].text.endswith("Try again later, or check base_url.")
    assert ["access", "newest data"] == those(found, "skipped")[:2]
    assert "skipped" == found["organisation"].verdict
    assert (ExitCode.DAYS_FAILED, 1) == (exit_code(found.values()), len(api.calls))


@pytest.mark.parametrize(
    "reply",
    [Response(stall=30), Response(200, {}, b"{" * 99, cut_after=9)],
    ids=["stalled", "cut"],
)
def test_an_api_that_does_not_answer_is_not_waited_for(api, examined, reply):
    """A call without a complete reply is the last one."""
    api.fault = lambda request: reply
    began = time.monotonic()
    found = examined(max_wait=0.3)

    assert time.monotonic() - began < 5
    assert "does not answer" in found["API"].text
    assert ["access", "newest data", "clock"] == those(found, "skipped")[:3]
    assert 1 == len(api.calls)


def test_the_key_is_in_no_line(api, database, examined):
    """Not even when the API, a header or a broken connection repeats it."""
    said = f"invalid x-api-key: {DEMO_API_KEY}"
    costs = [{"estimated_cost": {"currency": "USD", "amount": DEMO_API_KEY}}]
    odd = {"data": [record(str(MONDAY), model_breakdown=costs)]}
    replies = [
        error(401, said, {"request-id": said}),
        error(400, said),
        Response(200, {}, json.dumps(odd).encode()),
    ]

    def refuse(request):
        raise httpx.ConnectError(said)

    found = []
    for reply in replies:
        api.fault = lambda request, reply=reply: reply
        found += examined().values()
    found += examined(transport=httpx.MockTransport(refuse)).values()
    assert 4 == sum("[key]" in finding.text for finding in found)
    assert [] == [finding for finding in found if DEMO_API_KEY in finding.text]


def test_the_organisation_is_the_records_own(examined):
    """The id comes from a record, as the report has no other place for it."""
    assert EXAMPLE["organization_id"] == examined()["organisation"].text


@pytest.mark.slow
def test_the_organisation_is_held_against_the_stored_one(api, database, examined):
    """Another organisation's key is found, unless its account is new."""
    load_from(api, database)
    same = examined()
    day = str(MONDAY)
    api.usage = History({day: [record(day, organization_id="another")]})
    other, beside = examined(), examined(account="beside")

    assert ("ok", "ok") == (
        same["organisation"].verdict,
        beside["organisation"].verdict,
    )
    assert ["organisation"] == those(other, "problem")
    for named in ("another", EXAMPLE["organization_id"], "--replace-organisation"):
        assert named in other["organisation"].text
    assert ExitCode.CONFIGURATION == exit_code(other.values())


@pytest.mark.parametrize("back", range(7))
def test_the_newest_day_of_the_last_week_is_found_exactly(api, examined, back):
    """Empty weekends and holidays are skipped, with one call a day."""
    newest = MONDAY - timedelta(days=back)
    older = newest - timedelta(days=1)
    api.usage = History({str(day): [record(str(day))] for day in (newest, older)})
    found = examined()

    assert ("ok", 1 + back) == (found["newest data"].verdict, len(api.calls))
    assert found["newest data"].text.startswith(f"{newest}, ")


@pytest.mark.parametrize("last", [MONDAY + timedelta(days=back) for back in range(7)])
def test_older_days_are_asked_for_in_the_middle_of_their_week(last):
    """On any day of the week: no weekend, no day twice, at most a dozen calls."""
    days = days_to_ask(last)

    assert {2} == {day.weekday() for day in days[7:]}
    assert sorted(set(days), reverse=True) == days
    assert len(days) <= 12
    assert last - days[-1] > timedelta(weeks=15)


def test_data_that_ended_weeks_ago_is_worth_a_look(api, examined):
    """The line says when the last data is from."""
    wednesday = date(2026, 2, 25)
    api.usage = History({str(wednesday): [record(str(wednesday))]})
    found = examined()

    assert ["newest data"] == those(found, "problem")
    assert found["newest data"].text.startswith("2026-02-25 has data, the 7 days")
    assert "ok" == found["organisation"].verdict
    assert ExitCode.DAYS_FAILED == exit_code(found.values())


def test_an_account_without_any_record_is_told_why(api, examined):
    """The calls are bounded, and the line gives the known reasons."""
    api.usage = History()
    found = examined()

    assert found["newest data"].text.endswith(EMPTY_ACCOUNT)
    assert ("problem", "ok") == (found["newest data"].verdict, found["access"].verdict)
    assert len(days_to_ask(MONDAY)) == len(api.calls)


def test_a_call_that_fails_on_the_way_back_is_not_taken_for_an_empty_account(
    api, examined
):
    """The API accepted the key; the account is not called empty."""
    api.usage = History()
    api.fault = lambda request: (
        error(429, "slow down") if request.query["starting_at"] != str(MONDAY) else None
    )
    found = examined()

    assert "ok" == found["access"].verdict
    assert "slow down" in found["newest data"].text
    assert EMPTY_ACCOUNT not in found["newest data"].text


@pytest.mark.parametrize(
    ("minutes", "verdict", "words"),
    [
        (0, "ok", "within"),
        (-4, "ok", "within"),
        (6, "problem", "6 minutes ahead of"),
        (-90, "problem", "90 minutes behind"),
    ],
)
def test_a_clock_is_held_against_the_apis(api, examined, minutes, verdict, words):
    """A few minutes are ok; more is a problem, also when the key is refused."""
    now = NOON + timedelta(minutes=minutes)
    for key in (DEMO_API_KEY, "sk-ant-admin-gone"):
        found = examined(now=now, api_key=key)

        assert verdict == found["clock"].verdict
        assert words in found["clock"].text


def test_a_reply_without_a_date_says_nothing_of_the_clock(examined):
    """Not every proxy keeps the header."""
    silent = httpx.MockTransport(lambda _: httpx.Response(200, json={"data": []}))

    assert "skipped" == examined(transport=silent)["clock"].verdict


@pytest.mark.slow
def test_a_warehouse_is_written_to_and_left_as_it_was(api, database, examined):
    """All tables, rows and views are the same afterwards."""
    load_from(api, database, views=True)
    before, rows = tables_of(database), query(database, "from claude_code.usage_report")
    examined()

    assert before == tables_of(database)
    assert rows == query(database, "from claude_code.usage_report")


def test_a_file_without_our_dataset_is_left_without_it(database, examined):
    """The check's dataset is dropped; another program's tables stay."""
    execute_new(database, "create table mine as select 1 as i")
    before = tables_of(database)
    found = examined()

    assert ("ok", "skipped") == (found["warehouse"].verdict, found["views"].verdict)
    assert before == tables_of(database)


def execute_new(database, sql):
    with duckdb.connect(database) as connection:
        connection.execute(sql)


@pytest.mark.slow
def test_what_a_killed_doctor_left_is_removed_by_the_next(api, database, examined):
    """The scratch table always has the same name."""
    load_from(api, database, views=True)
    before = tables_of(database)
    execute(database, f"create table claude_code.{SCRATCH} (id bigint)")
    found = examined()

    assert "ok" == found["warehouse"].verdict
    assert before == tables_of(database)


def test_a_server_is_left_as_it_was_too(postgres, monkeypatch):
    """On Postgres the check's dataset is dropped as well."""
    address = postgres.address(database=postgres.new_database())
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
    found = list(examine_warehouse("postgres", Path("unused"), "usage", NOBODY))

    assert ["ok", "skipped", "ok", "skipped"] == [finding.verdict for finding in found]
    schemas = "select nspname from pg_namespace where nspname like 'usage%'"
    assert [] == postgres_execute(address, schemas)


@pytest.mark.slow
def test_a_warehouse_that_can_only_be_read_is_found_out(api, database):
    """The check writes a table, because only a write shows that writing is allowed."""
    load_from(api, database)
    with (
        open_warehouse("duckdb", database, "claude_code", read_only=True) as warehouse,
        warehouse.client() as client,
        pytest.raises(Exception, match="read-only"),
    ):
        write_and_remove(client)


@pytest.mark.process
def test_a_warehouse_that_cannot_be_used_makes_5(tmp_path, database, examined):
    """A path below a file, a file that is not a database, a file in use."""
    text = tmp_path / "text.duckdb"
    text.write_text("no database\n" * 1000)
    missing = examined(file=tmp_path / "nowhere" / "usage.duckdb")
    below = examined(file=text / "usage.duckdb")
    other = examined(file=text)
    hold = "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print(); input()"
    words = [sys.executable, "-c", hold, str(database)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(words, **pipes, text=True) as holder:
        holder.stdout.readline()
        held = examined()
        holder.communicate("\n")

    for found in (missing, below, other, held):
        assert ["warehouse"] == those(found, "problem")
        assert "skipped" == found["views"].verdict
        assert ExitCode.WAREHOUSE == exit_code(found.values())
    assert "in use" in held["warehouse"].text
    assert "no database\n" * 1000 == text.read_text()


def test_names_that_clash_are_wrong_usage(tmp_path, examined):
    """With the same message as `load`."""
    found = examined(file=tmp_path / "claude_code.duckdb")

    assert "Name another file" in found["warehouse"].text
    assert ExitCode.USAGE == exit_code(found.values())


@pytest.mark.slow
def test_views_that_do_not_build_are_told(api, database, examined):
    """The warehouse can be written, but its tables lack what the views read."""
    load_from(api, database)
    execute(
        database,
        "alter table claude_code.usage_report rename terminal_type to terminal",
    )
    found = examined()

    assert ["views"] == those(found, "problem")
    assert "ok" == found["warehouse"].verdict
    assert ExitCode.WAREHOUSE == exit_code(found.values())


@pytest.mark.slow
def test_views_that_are_gone_are_there_again(api, database, examined):
    """The check renews them, as every load does."""
    load_from(api, database, views=True)
    execute(database, "drop view claude_code_marts.user_cost_daily")
    examined()

    assert [] != query(database, "from claude_code_marts.user_cost_daily")


@pytest.fixture
def secrets(tmp_path):
    """A secrets.toml in a git repository, not added to it."""
    folder = tmp_path / "project" / ".dlt"
    folder.mkdir(parents=True)
    subprocess.run(["git", "init", "-q", str(folder.parent)], check=True)
    file = folder / "secrets.toml"
    file.write_text("[sources]\n")
    file.chmod(0o600)
    return file


@pytest.mark.skipif(os.name != "posix", reason="files have no such modes")
@pytest.mark.parametrize(
    ("mode", "verdict"),
    [(0o600, "ok"), (0o400, "ok"), (0o640, "problem"), (0o604, "problem")],
    ids=["0600", "0400", "0640", "0604"],
)
def test_secrets_are_for_their_owner_only(secrets, examined, mode, verdict):
    """For a file that others can read, the line gives the command that closes it."""
    secrets.chmod(mode)
    found = examined(folders=[secrets.parent])

    assert verdict == found["secrets"].verdict
    assert (verdict == "problem") == (f"chmod 600 {secrets}" in found["secrets"].text)


def test_secrets_in_git_are_told(secrets, examined):
    """If git tracks the file, removing it is not enough: the key must be replaced."""
    subprocess.run(["git", "-C", secrets.parent, "add", secrets.name], check=True)
    found = examined(folders=[secrets.parent])

    assert "Make a new key" in found["secrets"].text
    assert f"git rm --cached {secrets}" in found["secrets"].text
    assert ExitCode.CONFIGURATION == exit_code(found.values())


def test_each_place_of_secrets_is_looked_at(secrets, tmp_path, examined):
    """A good file in the working folder does not hide a bad one in the home."""
    home = tmp_path / "home"
    home.mkdir()
    (home / "secrets.toml").write_text("")
    (home / "secrets.toml").chmod(0o644)
    found = examined(folders=[secrets.parent, home])
    nothing = examined(folders=[tmp_path])

    assert str(home) in found["secrets"].text
    assert "ok" == nothing["secrets"].verdict


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([], 0),
        ([4], 4),
        ([4, 5], 5),
        ([5, 3, 4], 3),
        ([3, 2], 2),
    ],
)
def test_the_exit_code_is_that_of_what_to_fix_first(codes, expected):
    """Wrong names, then settings and key, then the warehouse, then the rest."""
    problems = [problem("check", ExitCode(code), "fix it") for code in codes]

    assert expected == exit_code([ok("a", "fine"), *problems, skipped("b", "not yet")])


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Run `doctor` in an empty folder, against a fake with the current time."""
    with FakeApi() as api:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)
        yield lambda *words: CliRunner().invoke(main, ["doctor", *words])


def test_people_get_a_line_per_check(call, tmp_path):
    """The verdict, the check and what was found; nothing is left behind."""
    done = call()

    assert CHECKS == [line[9:23].strip() for line in done.stdout.splitlines()]
    assert 0 == done.exit_code
    assert DEMO_API_KEY not in done.output
    assert [] == list(tmp_path.iterdir())


def test_machines_get_one_object(call):
    """`--json` has each check's verdict, text and code; the exit code is the same."""
    done = call("--json", "--database", "nowhere/usage.duckdb")
    checks = {check["check"]: check for check in json.loads(done.stdout)["checks"]}

    assert CHECKS == list(checks)
    assert ("problem", 5) == (
        checks["warehouse"]["verdict"],
        checks["warehouse"]["code"],
    )
    assert 5 == done.exit_code


def test_secrets_are_looked_for_where_dlt_reads_them(call):
    """In `.dlt` of the working folder, as soon as the file exists."""
    Path(".dlt").mkdir()
    Path(".dlt/secrets.toml").write_text("")
    Path(".dlt/secrets.toml").chmod(0o644)
    done = call()

    assert "chmod 600 .dlt/secrets.toml" in done.stdout
    assert 3 == done.exit_code
