"""Pseudonyms instead of names: everything that is stored or said has only these."""

import hashlib
import hmac
import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from loads import execute, query, record

SECRET = "5f8e0c1d9b7a46352413f0e1d2c3b4a5"
OTHER = "another-secret-of-32-characters!"
DAY = (datetime.now(UTC).date() - timedelta(days=3)).isoformat()
SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
TEAMS = "actor,team\nANN@example.com,Red\nCI-Key,Red\nbob@example.com,Blue\n"
BUDGETS = (
    "scope,name,month,amount,currency\n"
    f"user,Ann@Example.com,{DAY[:7]},100,USD\norganisation,,{DAY[:7]},900,USD\n"
)
KEY = {"type": "api_actor", "api_key_name": "CI-Key"}
pytestmark = pytest.mark.slow
NAMES = ("ann@", "bob@", "ci-key", "nick-of-ann")


def pseudonym(name):
    """As any other program could compute it."""
    made = hmac.new(SECRET.encode(), name.encode(), hashlib.sha256).hexdigest()
    return made + ("@pseudonym" if "@" in name else "")


ANN, BOB = pseudonym("ann@example.com"), pseudonym("bob@example.com")
CI = pseudonym("ci-key")


def usage(day):
    if str(day) != DAY:
        return []
    return [
        record(DAY, "Ann@example.com", terminal_type="vim"),
        record(DAY, "ann@example.com", nick="nick-of-ann"),
        record(DAY, "bob@example.com"),
        record(DAY, actor=KEY),
    ]


@pytest.fixture(scope="module")
def api():
    """Ann in two spellings, Bob and a key, on one day."""
    with FakeApi(usage) as api:
        yield api


def runner(api, folder):
    """Runs a command with files of teams and budgets."""
    (folder / "teams.csv").write_text(TEAMS)
    (folder / "budgets.csv").write_text(BUDGETS)
    given = {
        f"{SECTION}BASE_URL": api.url,
        f"{SECTION}INITIAL_DAYS": "5",
        f"{SECTION}SETTLE_MINUTES": "0",
        f"{SECTION}BACKOFF": "0.01",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        "CCWAREHOUSE__TEAMS": str(folder / "teams.csv"),
        "CCWAREHOUSE__BUDGETS": str(folder / "budgets.csv"),
        "CCWAREHOUSE_DATABASE": str(folder / "ccwarehouse.duckdb"),
    }

    def run(*words, secret=SECRET, **more):
        own = {"CCWAREHOUSE__PSEUDONYMISE": "true"} if secret is not None else {}
        own |= {"CCWAREHOUSE__PSEUDONYM_SECRET": secret} if secret else {}
        return CliRunner().invoke(main, words, env=given | own | more)

    return run


@pytest.fixture(scope="module")
def first(api, tmp_path_factory):
    """The folder and the result of a load into a new file."""
    folder = tmp_path_factory.mktemp("first")
    return folder, runner(api, folder)("load")


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return runner(api, tmp_path)


@pytest.fixture
def database(first, tmp_path):
    """A copy of the loaded file."""
    shutil.copy(first[0] / "ccwarehouse.duckdb", tmp_path)
    return tmp_path / "ccwarehouse.duckdb"


def every_text(database):
    """All texts of all tables, views and stored descriptions of the dataset."""
    tables = query(
        database, "select table_schema, table_name from information_schema.tables"
    )
    return {
        cell.lower()
        for schema, table in tables
        for row in query(database, f"from {schema}.{table}")
        for cell in row
        if isinstance(cell, str)
    }


def test_no_name_is_stored_or_said(call, tmp_path):
    """Not in a table, a view, the file's bytes, the page, the events or the metrics."""
    words = ("--log-format", "json", "--report", "page.html", "--metrics", "m.prom")
    ended = call("load", *words)
    database = tmp_path / "ccwarehouse.duckdb"
    said = [ended.output, (tmp_path / "page.html").read_text()]
    said += [(tmp_path / "m.prom").read_text(), *every_text(database)]
    said.append(database.read_bytes().decode("latin-1"))

    assert 0 == ended.exit_code
    assert [] == [name for name in NAMES for text in said if name in text.lower()]


def test_a_person_is_one_pseudonym_everywhere(database):
    """In any spelling, in usage, teams and budgets; a key stays no person."""
    marts = "claude_code_marts"
    actors = query(database, f"select distinct actor from {marts}.stg_usage")
    teams = query(
        database, f"select distinct actor, team from {marts}.user_daily order by all"
    )
    budgets = query(
        database,
        f"select name from {marts}.budget_status where scope = 'user' and spent > 0",
    )
    people = query(
        database,
        f"select active_users, active_keys from {marts}.org_daily where sessions > 0",
    )

    assert {ANN, BOB, CI} == {actor for (actor,) in actors}
    assert sorted([(ANN, "Red"), (BOB, "Blue"), (CI, "Red")]) == teams
    assert [(ANN,)] == budgets
    assert [(2, 1)] == people


def test_an_unknown_field_is_named_and_its_value_is_not_kept(first, database):
    """Nobody knows what stands in it."""
    _, ended = first
    kept = query(
        database, "select unknown_fields from claude_code.usage_report order by all"
    )
    noted = query(
        database, "select name, example from claude_code.day_fetches__unknowns"
    )

    assert "Not in the known contract, and withheld: field nick" in ended.stderr
    assert ('{"nick": null}',) in kept
    assert [("nick", None)] == noted


def test_a_load_again_finds_nothing_changed(call, database):
    """Neither the days nor the files, since pseudonyms are the same each time."""
    ended = call("load", "--json")

    assert 0 == json.loads(ended.stdout)["days_changed"]
    assert [] == json.loads(ended.stdout)["files_loaded"]


@pytest.mark.parametrize(
    ("secret", "said"),
    [
        ("", "pseudonym_secret is empty or missing"),
        ("short", "fewer than 32 characters"),
        (OTHER, "another one than dataset claude_code was begun with"),
        (None, "pseudonymise is not set"),
    ],
    ids=["empty", "short", "another", "none"],
)
def test_a_load_with_another_secret_or_none_is_refused(call, database, secret, said):
    """Before anything is written; the message does not quote the secret."""
    before = query(database, "from claude_code._dlt_loads")
    ended = call("load", secret=secret)

    assert 3 == ended.exit_code
    assert said in ended.stderr
    assert SECRET not in ended.output
    assert OTHER not in ended.output
    assert before == query(database, "from claude_code._dlt_loads")


def test_doctor_tells_that_the_setting_is_gone(call, database):
    """With the code of a setting."""
    told = [
        {
            finding["check"]: (finding["verdict"], finding["code"])
            for finding in json.loads(call("doctor", "--json", **how).stdout)["checks"]
        }["privacy"]
        for how in ({}, {"secret": None}, {"secret": "short"})
    ]

    assert [("ok", 0), ("problem", 3), ("problem", 3)] == told


def test_a_dataset_with_names_gets_no_pseudonyms_beside_them(call):
    """`pseudonymise` brings it over first."""
    call("load", secret=None)
    ended = call("load")

    assert 3 == ended.exit_code
    assert "ccwarehouse pseudonymise" in ended.stderr


def test_a_wrong_file_is_told_without_its_names(call, tmp_path):
    """The line tells where to look."""
    (tmp_path / "teams.csv").write_text(TEAMS + "ann@example.com,Blue\n")
    ended = call("load")

    assert 3 == ended.exit_code
    assert "line 5" in ended.stderr
    assert "ann@" not in ended.output


def test_a_first_load_that_was_killed_has_begun_the_dataset(call, database):
    """The next load with another secret is refused, though no day is stored."""
    execute(database, "drop schema claude_code_marts cascade")
    for table in ("usage_report", "day_fetches"):
        execute(database, f"drop table claude_code.{table}")
    ended = call("load", secret=OTHER)

    assert 3 == ended.exit_code
