"""`load` with files of teams and budgets: checked before the days, stored after."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from inputs import in_force
from loads import History, query, record
from pages import blocks
from postgres import command, execute

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)
DAY = YESTERDAY.isoformat()
BEFORE = (YESTERDAY - timedelta(days=1)).isoformat()
TEAMS = "actor,team\ndev@example.com,Red\n"
HEADER = "scope,name,month,amount,currency\n"
BUDGETS = HEADER + f"organisation,,{YESTERDAY:%Y-%m},{{amount}},{{currency}}\n"


@pytest.fixture
def api():
    with FakeApi(History({DAY: [record(DAY)]})) as api:
        yield api


@pytest.fixture
def database(tmp_path):
    return tmp_path / "ccwarehouse.duckdb"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The empty working folder, with valid files and wrong ones."""
    monkeypatch.chdir(tmp_path)
    files = {
        "teams.csv": TEAMS,
        "blue.csv": TEAMS.replace("Red", "Blue"),
        "wrong.csv": "actor,team\n,Red\na@example.com,\n",
        "budgets.csv": BUDGETS.format(amount=1000, currency="USD"),
        "spent.csv": BUDGETS.format(amount=0, currency="USD"),
        "euros.csv": BUDGETS.format(amount=1000, currency="EUR"),
        "negative.csv": BUDGETS.format(amount=-1, currency="USD"),
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.fixture
def call(api, folder):
    """Run a command there against the fake API; `load` fetches one day."""

    def run(*words, **given):
        environment = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "1",
            "SOURCES__CLAUDE_CODE_ANALYTICS__LOOKBACK": "0",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }
        return CliRunner().invoke(main, words, env=environment | given)

    return run


def teams(database):
    return [team for (team,) in in_force(database, "stg_team_members", "team")]


@pytest.mark.slow
def test_files_are_loaded_with_the_days_and_once(call, database):
    """The summary names new files, and the views show them at once."""
    words = ("load", "--teams", "teams.csv", "--budgets", "budgets.csv", "--json")
    first, again = call(*words), call(*words)
    changed = call("load", "--teams", "blue.csv", "--min-group-size", "3")

    told = [json.loads(done.stdout)["files_loaded"] for done in (first, again)]
    assert [["teams", "budgets"], []] == told
    assert "Files    teams loaded anew" in changed.stdout
    files = "stg_input_files where name = 'teams'"
    assert [(2, 3)] == query(
        database, f"select version, min_group_size from claude_code_marts.{files}"
    )
    budgets = "select state from claude_code_marts.budget_status"
    assert [("ok",)] == query(database, budgets)


@pytest.mark.slow
def test_a_load_without_files_keeps_those_of_before(call, database):
    """A file that is loaded once need not be named every night."""
    call("load", "--teams", "teams.csv")
    done = call("load", "--json")

    assert [] == json.loads(done.stdout)["files_loaded"]
    assert ["Red"] == teams(database)


@pytest.mark.parametrize("mode", [[], ["--dry-run"]])
def test_a_wrong_file_stops_a_load_before_it_begins(call, api, database, mode):
    """All faults of all files are printed; no call is made, no file created."""
    words = ("--teams", "wrong.csv", "--budgets", "negative.csv")
    done = call("load", *mode, *words, "--json")
    told = json.loads(done.stdout)

    assert (3, []) == (done.exit_code, api.calls)
    assert not database.exists()
    assert [
        ("wrong.csv", 2, "actor"),
        ("wrong.csv", 3, "team"),
        ("negative.csv", 2, "amount"),
    ] == [(fault["file"], fault["line"], fault["column"]) for fault in told["faults"]]
    assert told["error"].startswith("wrong.csv, line 2, column actor: It is empty.")
    assert 1 == len(told["error"].splitlines())
    for place in ("wrong.csv, line 2", "wrong.csv, line 3", "negative.csv, line 2"):
        assert place in done.stderr
    assert "Nothing of negative.csv was loaded" in done.stderr


def test_a_file_that_is_not_there_stops_a_load_too(call, api):
    """A misspelt name must not empty the teams."""
    done = call("load", "--teams", "none.csv")

    assert (3, []) == (done.exit_code, api.calls)
    assert "none.csv: There is no such file." in done.stderr


def test_a_dry_run_says_that_files_are_right_and_loads_none(call, database):
    """A dry run is the way to check a file."""
    words = ("load", "--dry-run", "--teams", "teams.csv", "--budgets", "budgets.csv")
    done = call(*words)

    assert 0 == done.exit_code
    assert "teams.csv is right: 1 row of teams." in done.stdout
    assert "budgets.csv is readable: 1 row of budgets. No cost" in done.stdout
    assert ["teams", "budgets"] == json.loads(call(*words, "--json").stdout)["files"]
    assert not database.exists()


@pytest.mark.slow
def test_a_dry_run_refuses_a_currency_that_nobody_spends(call, database):
    """It says what the load would say, and writes nothing."""
    call("load")
    right = call("load", "--dry-run", "--budgets", "budgets.csv")
    wrong = call("load", "--dry-run", "--budgets", "euros.csv")

    assert "budgets.csv is right: 1 row of budgets." in right.stdout
    assert 3 == wrong.exit_code
    assert 'Nobody spends "EUR". Write USD.' in wrong.stderr
    assert [] == in_force(database, "stg_budgets")


@pytest.mark.slow
def test_a_dry_run_accepts_a_file_that_is_in_force(call):
    """A load would not load it again, so its currencies are not compared."""
    call("load", "--start", BEFORE, "--end", BEFORE, "--budgets", "euros.csv")
    call("load")
    done = call("load", "--dry-run", "--budgets", "euros.csv")

    assert "euros.csv is right: 1 row of budgets." in done.stdout


@pytest.mark.slow
def test_a_currency_that_nobody_spends_leaves_all_files_unloaded(call, database):
    """The days stay committed, the views are built, and good teams wait as well."""
    words = ("load", "--teams", "teams.csv", "--budgets", "euros.csv")
    done = call(*words, "--json")
    told = json.loads(done.stdout)
    said = call(*words).stderr

    assert (3, 3) == (done.exit_code, told["exit_code"])
    assert (1, []) == (told["days_loaded"], told["files_loaded"])
    assert 'Nobody spends "EUR". Write USD.' in told["error"]
    assert ["euros.csv"] == [fault["file"] for fault in told["faults"]]
    assert "are committed, but no teams, budgets or weekend of it." in said
    assert "euros.csv, line 2, column currency" in said
    users = "select actor from claude_code_marts.user_cost_daily"
    assert [("dev@example.com",)] == query(database, users)
    assert [] == teams(database)
    assert [] == in_force(database, "stg_budgets")


@pytest.mark.slow
def test_budgets_of_teams_that_are_not_there_are_named_once(call, folder):
    """Teams may come later, so it is no error; what is in no team is known."""
    month = f"{YESTERDAY:%Y-%m},5,USD\n"
    named = ["Plattform", "Red", "(no team)"]
    rows = "".join(f"team,{team},{month}" for team in named)
    (folder / "of_teams.csv").write_text(HEADER + rows)
    words = ("load", "--teams", "teams.csv", "--budgets", "of_teams.csv")
    first, again = call(*words), call(*words, "--json")

    assert (0, 0) == (first.exit_code, again.exit_code)
    assert "1 team that no team in force is called: Plattform." in first.stderr
    assert [] == json.loads(again.stdout)["unknown_teams"]
    assert "Plattform" not in again.stderr


SIZE = "select min_group_size from claude_code_marts.stg_input_files"


@pytest.mark.slow
def test_the_environment_names_files_and_options_come_first(call, database):
    """An option overrides only its own variable."""
    given = {"CCWAREHOUSE__TEAMS": "blue.csv", "CCWAREHOUSE__MIN_GROUP_SIZE": "4"}
    call("load", **given)
    assert (["Blue"], [(4,)]) == (teams(database), query(database, SIZE))

    call("load", "--teams", "teams.csv", **given)
    assert (["Red"], [(4,)]) == (teams(database), query(database, SIZE))
    call("load", "--min-group-size", "2", **given)
    assert (["Blue"], [(2,)]) == (teams(database), query(database, SIZE))


@pytest.mark.slow
def test_small_teams_stay_withheld_until_a_load_shows_them(call, database):
    """Whoever forgets the option shows nobody, and is told so."""
    call("load", "--teams", "teams.csv", "--min-group-size", "6")
    changed = call("load", "--teams", "blue.csv")
    same = call("load", "--teams", "blue.csv", "--json")
    assert "Groups   still 6 active people or more" in changed.stdout
    assert (["Blue"], [(6,)]) == (teams(database), query(database, SIZE))
    told = json.loads(same.stdout)
    assert ([], 6) == (told["files_loaded"], told["kept_group_size"])

    ended = call("load", "--teams", "blue.csv", "--min-group-size", "1")
    after = call("load", "--teams", "teams.csv", "--json")
    assert "still" not in ended.stdout
    assert [(1,)] == query(database, SIZE)
    assert json.loads(after.stdout)["kept_group_size"] is None


@pytest.mark.process
def test_dlts_file_names_files(api, folder, database):
    """The settings work as docs/settings.md shows them."""
    (folder / ".dlt").mkdir()
    (example,) = (text for text in blocks("toml") if "min_group_size" in text)
    (folder / ".dlt" / "config.toml").write_text(example)
    given = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "1",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }
    words = [Path(sys.executable).with_name("ccwarehouse"), "load", "--json"]
    done = subprocess.run(
        words, env=os.environ | given, capture_output=True, text=True, check=True
    )

    assert ["teams", "budgets", "weekend"] == json.loads(done.stdout)["files_loaded"]
    assert (5,) in query(database, SIZE)
    assert [(5,), (6,)] == in_force(database, "stg_weekend", "iso_weekday")


@pytest.mark.slow
def test_what_other_programs_call_teams_is_not_read(call, database):
    """A name without a section could belong to another program."""
    done = call("load", TEAMS="wrong.csv", BUDGETS="none.csv", MIN_GROUP_SIZE="many")

    assert 0 == done.exit_code
    assert [] == teams(database)


@pytest.mark.parametrize("size", ["0", "-1", "2000000", "many", "2.5"])
def test_a_group_size_that_cannot_be_is_configuration(call, api, size):
    """One line names the setting, with code 3."""
    given = {"CCWAREHOUSE__MIN_GROUP_SIZE": size, "CCWAREHOUSE__TEAMS": "teams.csv"}
    done = call("load", **given)

    assert (3, []) == (done.exit_code, api.calls)
    assert "min_group_size" in done.stderr
    assert 1 == len(done.stderr.splitlines())


@pytest.mark.parametrize("mode", [[], ["--dry-run"]])
@pytest.mark.parametrize("days", ["friday", "fri sat", "5", "5,6", "[]"])
def test_a_weekend_that_cannot_be_is_configuration(call, api, database, mode, days):
    """One line says what to write, with code 3, before any call."""
    done = call("load", *mode, CCWAREHOUSE__WEEKEND=days)

    assert (3, []) == (done.exit_code, api.calls)
    assert not database.exists()
    (line,) = done.stderr.splitlines()
    assert "weekend" in line
    assert "commas between them, as in fri,sat" in line


def test_a_dry_run_says_that_the_weekend_is_right(call, database):
    """And stores nothing."""
    given = {"CCWAREHOUSE__WEEKEND": "fri,sat"}
    done = call("load", "--dry-run", **given)

    assert (0, True) == (done.exit_code, "weekend is right." in done.stdout)
    told = json.loads(call("load", "--dry-run", "--json", **given).stdout)
    assert ["weekend"] == told["files"]
    assert not database.exists()


@pytest.mark.slow
def test_a_load_stores_another_weekend_once_and_keeps_it(call, database):
    """Also by a load that does not name it."""
    given = {"CCWAREHOUSE__WEEKEND": "fri,sat"}
    first = call("load", **given)
    told = [json.loads(call("load", "--json", **more).stdout) for more in (given, {})]

    assert "Weekend  stored anew; earlier days are judged by it too" in first.stdout
    assert "Files" not in first.stdout
    assert [[], []] == [facts["files_loaded"] for facts in told]
    assert [(5,), (6,)] == in_force(database, "stg_weekend", "iso_weekday")


@pytest.mark.parametrize("size", ["0", "many", "5"])
def test_a_group_size_needs_a_teams_file(call, api, size):
    """The size is loaded with the file, and would have no effect without it."""
    done = call("load", "--min-group-size", size)

    assert (2, []) == (done.exit_code, api.calls)
    assert "--min-group-size" in done.stderr


@pytest.mark.slow
def test_budgets_ends_with_6_when_one_is_over(call):
    """The table shows which budget is over; in another month none is."""
    call("load", "--budgets", "spent.csv")
    over = call("budgets")
    told = json.loads(call("budgets", "--json").stdout)
    other = call("budgets", "--month", "2020-01")

    assert (6, 6, 0) == (over.exit_code, told["exit_code"], other.exit_code)
    assert "over budget" in over.stdout
    assert (1, "1 budget is over: organisation.") == (told["over"], told["error"])
    assert "1 budget has another" in other.stdout


@pytest.mark.slow
def test_budgets_ends_with_0_when_none_is_over(call):
    """The code is 0 without budgets too, with a line on how to load some."""
    call("load")
    none = call("budgets")
    call("load", "--budgets", "budgets.csv")
    right = call("budgets")

    assert (0, 0) == (none.exit_code, right.exit_code)
    assert "ccwarehouse load --budgets FILE" in none.stdout
    assert "on track" in right.stdout


def test_postgres_takes_files_as_well(api, folder, postgres, monkeypatch):
    """The file is loaded once, and a budget that is over is reported."""
    name = postgres.new_database()
    address = postgres.address("ccwarehouse_loader", name)
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
    words = ("load", "--teams", "teams.csv", "--budgets", "spent.csv", "--json")
    first, again = command(api, *words), command(api, *words)

    told = [json.loads(done.stdout)["files_loaded"] for done in (first, again)]
    assert [["teams", "budgets"], []] == told
    assert 6 == command(api, "budgets").exit_code
    state = "select state from claude_code_marts.budget_status"
    assert [("over",)] == execute(postgres.address(database=name), state)
