"""Every option as an environment variable: which one counts, and what empty means."""

import json
import os

import click
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from loads import query, record

OPTIONS = [
    (name, option)
    for name, command in sorted(main.commands.items())
    for option in command.params
    if isinstance(option, click.Option)
]
LOAD = [option for name, option in OPTIONS if name == "load"]


@pytest.fixture
def api():
    with FakeApi(lambda day: [record(str(day))]) as api:
        yield api


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command with these variables in an empty folder."""
    monkeypatch.chdir(tmp_path)
    settings = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "5",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }

    def run(*words, **given):
        return CliRunner().invoke(main, words, env=settings | given)

    return run


@pytest.mark.parametrize(("command", "option"), OPTIONS)
def test_every_option_has_its_variable_and_the_help_says_so(command, option):
    """`--dry-run` of `load` is CCWAREHOUSE_LOAD_DRY_RUN."""
    own = f"CCWAREHOUSE_{command}_{option.opts[-1][2:]}".replace("-", "_").upper()
    told = CliRunner().invoke(main, [command, "--help"], terminal_width=500).output
    words = " ".join(told.split())

    assert own == option.envvar[0]
    assert option.opts[-1] in words
    for variable in option.envvar:
        assert variable in words


def test_no_variable_is_of_two_options_or_one_of_dlt():
    """Those of dlt's settings have two underscores, as CCWAREHOUSE__TEAMS has."""
    own = [option.envvar[0] for _, option in OPTIONS]

    assert len(own) == len(set(own))
    assert [] == [
        name for _, option in OPTIONS for name in option.envvar if "__" in name
    ]


@pytest.mark.parametrize("name", ["CCWAREHOUSE_VERSION", "CCWAREHOUSE_HELP"])
def test_what_an_image_may_set_is_no_option(call, name):
    """`ENV CCWAREHOUSE_VERSION=0.1.0` neither fails nor prints the version."""
    done = call("load", "--dry-run", "--json", **{name: "0.1.0"})

    assert 0 == done.exit_code
    assert 5 == json.loads(done.stdout)["plan"][0]["days"]


def test_a_variable_is_as_good_as_its_option_which_comes_first(call):
    """Dates, numbers and flags are read as on the command line."""
    given = {
        "CCWAREHOUSE_LOAD_START": "2026-03-01",
        "CCWAREHOUSE_LOAD_END": "2026-03-03",
        "CCWAREHOUSE_LOAD_DRY_RUN": "1",
        "CCWAREHOUSE_LOAD_JSON": "true",
    }
    told = json.loads(call("load", **given).stdout)
    words = json.loads(call("load", "--end", "2026-03-02", **given).stdout)

    assert ("2026-03-01", "2026-03-03") == (told["first_day"], told["last_day"])
    assert "2026-03-02" == words["last_day"]


@pytest.mark.parametrize("no", ["0", "false", "no", "off"])
def test_a_flag_can_be_switched_off(call, no):
    """A variable of a flag is a yes or a no, not any text."""
    given = {"CCWAREHOUSE_LOAD_DRY_RUN": "yes", "CCWAREHOUSE_LOAD_JSON": no}
    done = call("load", **given)

    assert (0, True) == (done.exit_code, "5 days  never fetched" in done.stdout)


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_variables_without_a_value_are_not_set(call, tmp_path, blank):
    """All of them at once: the load is the one without any option."""
    given = {name: blank for option in LOAD for name in option.envvar}
    given["CCWAREHOUSE__TEAMS"] = given["CCWAREHOUSE__BUDGETS"] = blank
    plain, empty = call("load", "--dry-run"), call("load", "--dry-run", **given)

    assert (0, plain.stdout) == (empty.exit_code, empty.stdout)
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
def test_one_variable_says_to_all_commands_where_the_data_is(call, tmp_path):
    """A command's own variable comes before it, and its option before both."""
    shared = {"CCWAREHOUSE_DATABASE": "all.duckdb", "CCWAREHOUSE_DATASET": "usage"}
    loaded = call("load", **shared)
    status = call("status", **shared)
    own = call("load", CCWAREHOUSE_LOAD_DATABASE="own.duckdb", **shared)
    option = call(
        "load",
        "--database=option.duckdb",
        CCWAREHOUSE_LOAD_DATABASE="own.duckdb",
        **shared,
    )

    assert [0] * 4 == [done.exit_code for done in (loaded, status, own, option)]
    names = ["all.duckdb", "option.duckdb", "own.duckdb"]
    assert names == sorted(os.listdir(tmp_path))
    for name in names:
        assert [(5,)] == query(
            tmp_path / name, "select count(*) from usage.usage_report"
        )


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("CCWAREHOUSE_LOAD_START", "soon", "Write it as YYYY-MM-DD"),
        ("CCWAREHOUSE_LOAD_LOOKBACK", "many", "not a valid integer"),
        ("CCWAREHOUSE_LOAD_QUIET", "perhaps", "not a valid boolean"),
        ("CCWAREHOUSE_LOAD_LOG_FORMAT", "xml", "'text', 'json'"),
        ("CCWAREHOUSE_LOAD_JSON", "perhaps", "not a valid boolean"),
    ],
)
def test_a_wrong_value_is_refused_by_the_name_of_its_variable(
    call, name, value, reason
):
    """Who set a variable finds it in the message."""
    done = call("load", **{name: value})

    assert (2, True) == (done.exit_code, reason in done.output)
    assert name in done.output


def test_errors_come_in_the_form_that_variables_ask_for(call):
    """Also when the words are wrong, before any option is read."""
    given = {"CCWAREHOUSE_LOAD_JSON": "1", "CCWAREHOUSE_LOAD_LOG_FORMAT": "json"}
    done = call("load", "--nosuch", **given)
    other = call("status", "--nosuch", **given)

    assert 2 == json.loads(done.stdout)["exit_code"]
    assert 2 == json.loads(done.stderr)["exit_code"]
    assert ("", True) == (other.stdout, other.stderr.startswith("Usage:"))


@pytest.mark.slow
def test_the_option_of_teams_comes_before_dlts_setting(call, tmp_path):
    """CCWAREHOUSE_LOAD_TEAMS is the option, CCWAREHOUSE__TEAMS the setting."""
    (tmp_path / "teams.csv").write_text("no header of teams\n")
    one = call("load", "--dry-run", CCWAREHOUSE__TEAMS="setting.csv")
    both = call(
        "load",
        "--dry-run",
        CCWAREHOUSE__TEAMS="setting.csv",
        CCWAREHOUSE_LOAD_TEAMS="option.csv",
    )

    assert (3, 3) == (one.exit_code, both.exit_code)
    assert ("setting.csv" in one.stderr, "option.csv" in both.stderr) == (True, True)
    assert "setting.csv" not in both.stderr
