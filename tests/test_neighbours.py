"""Further reports, through the command line and a real DuckDB file."""

import json
import re
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner
from dlt.common.configuration.container import Container
from dlt.common.configuration.specs import PluggableRunContext

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from anthropic_usage_and_cost import first_day
from ccwarehouse.cli import main
from ccwarehouse.neighbours import resolve_neighbours
from ccwarehouse.reports import usual_tables
from loads import query, record
from soak import at_length
from test_json import documented, keys

SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
OTHER_KEY = "sk-ant-admin-other"
ALL = "claude_code, cost_report, messages_usage, directory"
NEWER = "claude_code, analytics_cost, analytics_usage"
YESTERDAY = datetime.now(UTC).date() - timedelta(1)
PATHS = {
    "cost_report": "/v1/organizations/cost_report",
    "messages_usage": "/v1/organizations/usage_report/messages",
    "analytics_cost": "/v1/organizations/analytics/cost",
    "analytics_usage": "/v1/organizations/analytics/usage",
    "directory": "/v1/organizations/users",
}

pytestmark = pytest.mark.slow


@pytest.fixture
def api():
    """The made-up organisation."""
    with FakeApi() as api:
        yield api


@pytest.fixture
def call(api, tmp_path, monkeypatch):
    """Run a command in an empty folder; returns how it ended."""
    monkeypatch.chdir(tmp_path)
    given = {
        f"{SECTION}BASE_URL": api.url,
        f"{SECTION}INITIAL_DAYS": "3",
        f"{SECTION}BACKOFF": "0.01",
        f"{SECTION}MAX_WAIT": "2",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        "CCWAREHOUSE__REPORTS": ALL,
    }

    def run(*words, **more):
        return CliRunner().invoke(main, words, env=given | more)

    return run


def failing(api, report, status=403):
    """The API refuses one report."""
    api.fault = lambda request: (
        error(status, "no luck") if PATHS[report] == request.path else None
    )


def tables(folder):
    """The tables of the dataset that are not dlt's, nor those of stored marts."""
    found = query(
        folder / "ccwarehouse.duckdb",
        "select table_name from duckdb_tables() where schema_name = 'claude_code'",
    )
    return {name for (name,) in found if not name.startswith(("_dlt", "stored_"))}


def days(folder):
    """How many days of each report are in."""
    found = query(
        folder / "ccwarehouse.duckdb",
        """
        select report, count(distinct date) from claude_code.day_fetches
        where status = 'complete' group by report
        """,
    )
    return dict(found)


def test_unless_named_no_other_report_is_asked_for(api, call, tmp_path):
    """The dataset and the output are as if there were none."""
    done = call("load", "--json", CCWAREHOUSE__REPORTS="")

    assert 0 == done.exit_code
    assert {"/v1/organizations/usage_report/claude_code"} == {
        request.path for request in api.calls
    }
    assert {*usual_tables(), "dataset_facts"} == tables(tmp_path)
    assert "reports" not in json.loads(done.stdout)


def test_named_reports_are_loaded_with_usage(call, tmp_path):
    """Each has its line; the views are built, and their claims hold."""
    done = call("load")
    lines = [line.split("  ")[0] for line in done.stdout.splitlines()]

    assert (0, ["cost_report", "messages_usage", "directory"]) == (
        done.exit_code,
        lines[-3:],
    )
    assert {"claude_code": 3, "cost_report": 3, "messages_usage": 3} == days(tmp_path)
    assert {"users", "api_keys", "cost_report"} <= tables(tmp_path)
    assert 0 == call("transform", "--check").exit_code
    comments = """
        select comment from duckdb_columns()
        where table_name = 'cost_report' and column_name = 'amount'
    """
    assert "cents" in query(tmp_path / "ccwarehouse.duckdb", comments)[0][0]


def test_a_dataset_keeps_what_is_no_longer_named(call, tmp_path):
    """Its views are built all the same."""
    call("load")
    done = call("load", CCWAREHOUSE__REPORTS="claude_code")

    assert 0 == done.exit_code
    assert "cost_report" in tables(tmp_path)


@pytest.mark.parametrize(
    ("report", "status"),
    [
        ("cost_report", 403),
        ("messages_usage", 500),
        ("directory", 403),
        pytest.param("analytics_cost", 403, marks=at_length),
        pytest.param("analytics_usage", 500, marks=at_length),
    ],
)
def test_a_report_that_fails_costs_no_other_one(api, call, tmp_path, report, status):
    """The exit code is 4, and the summary says which and why."""
    failing(api, report, status)
    named = {"CCWAREHOUSE__REPORTS": ALL if report in ALL else NEWER}
    done = call("load", "--json", **named)
    told = json.loads(done.stdout)
    codes = {each["report"]: each["exit_code"] for each in told["reports"]}

    assert 4 == done.exit_code
    assert told["error"].startswith(f"{report}: ")
    assert "no luck" in told["error"]
    assert (3, {}) == (told["days_loaded"], told["days_failed"])
    assert {report} == {name for name, code in codes.items() if code}
    assert 3 == days(tmp_path)["claude_code"]
    views = "select count(*) from claude_code_marts.user_daily"
    assert [(0,)] != query(tmp_path / "ccwarehouse.duckdb", views)

    api.fault = None
    assert 0 == call("load", **named).exit_code
    assert {3} == set(days(tmp_path).values())


def test_without_usage_no_other_report_is_asked_for(api, call):
    """The API does not answer, so a load would wait once for each."""
    api.fault = lambda request: (
        error(500, "no luck") if "claude_code" in request.path else None
    )
    done = call("load", "--json")
    reports = json.loads(done.stdout)["reports"]

    assert 7 == done.exit_code
    assert {4} == {each["exit_code"] for each in reports}
    assert not [request for request in api.calls if request.path in PATHS.values()]


def test_each_account_has_its_own(api, call, tmp_path):
    """One that fails in an account is loaded in the other."""
    api.more[OTHER_KEY] = lambda day: [record(str(day), organization_id="theirs")]
    accounts = {
        f"{SECTION}ACCOUNTS__ACME__API_KEY": DEMO_API_KEY,
        f"{SECTION}ACCOUNTS__BETA__API_KEY": OTHER_KEY,
        "ANTHROPIC_ADMIN_KEY": "",
    }
    api.fault = lambda request: (
        error(403, "no luck")
        if (request.path, request.headers["x-api-key"])
        == (PATHS["cost_report"], OTHER_KEY)
        else None
    )
    done = call("load", **accounts)

    assert 4 == done.exit_code
    reports = ["3 loaded", "cost_report", "messages_usage", "directory"]
    assert [f"{name}  {report}" for name in ("acme", "beta") for report in reports] == [
        re.match(r"\w+  [\w ]+?(?=,|  )", line)[0]
        for line in done.stdout.splitlines()[:8]
    ]
    assert "beta: cost_report: The API refused the key." in done.stderr
    owners = "select distinct account from claude_code.cost_report"
    assert [("acme",)] == query(tmp_path / "ccwarehouse.duckdb", owners)


def test_a_dry_run_tells_the_days_of_each(api, call, tmp_path):
    """A month is one call; a snapshot has no days."""
    done = call("load", "--dry-run", "--json", f"--start={YESTERDAY - timedelta(39)}")
    told = json.loads(done.stdout)

    assert {"cost_report": 3, "messages_usage": 3} == {
        plan["report"]: plan["calls_at_least"] for plan in told["reports"]
    }
    assert 41 == told["calls_at_least"]
    assert [] == api.calls


@pytest.mark.parametrize(
    ("named", "said"),
    [
        ("claude_code, bill", "'bill', which is none. Name some of: claude_code, cost"),
        ("cost_report", "must name claude_code"),
    ],
)
def test_a_report_that_is_none_is_refused(call, named, said):
    """Before anything is called."""
    done = call("load", CCWAREHOUSE__REPORTS=named)

    assert 3 == done.exit_code
    assert said in done.stderr


@pytest.mark.parametrize(
    "written", ['["claude_code", "cost_report"]', "claude_code,cost_report"]
)
def test_the_names_in_a_variable_may_be_a_list_or_not(call, written):
    """A list as in TOML, or names with commas between them."""
    done = call("load", "--dry-run", "--json", CCWAREHOUSE__REPORTS=written)

    assert ["cost_report"] == [
        plan["report"] for plan in json.loads(done.stdout)["reports"]
    ]


def test_the_newer_pair_is_loaded_and_called_unverified(call, tmp_path):
    """In the lines of its load, by doctor, and in the tables' own words."""
    done = call("load", CCWAREHOUSE__REPORTS=NEWER)
    lines = [line for line in done.stdout.splitlines() if line.startswith("analytics_")]

    assert (0, 2) == (done.exit_code, len(lines))
    assert all(line.endswith("; unverified") for line in lines)
    assert "analytics_cost (unverified): 3 of 3 days stored" in done.stderr
    assert {"claude_code": 3, "analytics_cost": 3, "analytics_usage": 3} == days(
        tmp_path
    )
    assert 0 == call("transform", "--check").exit_code
    comments = """
        select count(*) from duckdb_tables()
        where table_name like 'analytics_%' and comment like 'Unverified%'
    """
    assert [(2,)] == query(tmp_path / "ccwarehouse.duckdb", comments)
    checks = json.loads(call("doctor", "--json", CCWAREHOUSE__REPORTS=NEWER).stdout)
    said = {one["check"]: one["text"] for one in checks["checks"]}
    assert {"the key may read it; unverified"} == {
        said[name] for name in ("analytics_cost", "analytics_usage")
    }


def test_days_that_the_newer_pair_has_not_are_not_asked_for(api, call):
    """The load says which; they do not fail night after night."""
    first = first_day(YESTERDAY + timedelta(1))
    start = first - timedelta(2)
    words = ("load", f"--start={start}", f"--end={first}")
    planned = call(*words, "--dry-run", CCWAREHOUSE__REPORTS=NEWER)
    done = call(*words, CCWAREHOUSE__REPORTS=NEWER)
    asked = {
        request.query["starting_at"][:10]
        for request in api.calls
        if "/analytics/" in request.path
    }

    assert 0 == done.exit_code
    assert {str(first)} == asked
    said = f"2 days not asked for: {start} to {first - timedelta(1)}."
    assert said in planned.stdout
    assert f"analytics_cost (unverified): {said}" in done.stderr


@pytest.fixture
def dlt_folder(tmp_path):
    """The folder of dlt's files, which are read again."""
    context = Container()[PluggableRunContext]
    before = context.context.run_dir
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(
        '[ccwarehouse]\nreports = ["claude_code", "directory"]\n'
    )
    context.reload(str(tmp_path))
    yield
    context.reload(before)


@pytest.mark.usefixtures("dlt_folder")
def test_a_file_names_them_in_a_list(monkeypatch):
    """As `[ccwarehouse]` in config.toml."""
    monkeypatch.delenv("CCWAREHOUSE__REPORTS", raising=False)

    assert ["directory"] == resolve_neighbours()


def test_its_keys_are_documented(api, call):
    """Those of a report of days, of a snapshot, and of one that failed."""
    failing(api, "messages_usage", 500)
    told = json.loads(call("load", "--json").stdout)

    assert documented("load of several reports") == keys({"reports": told["reports"]})


def test_programs_are_told_what_is_unverified(call):
    """In the end of a load, in its plan, and in each event of such a report."""
    done = call("load", "--json", "--log-format", "json", CCWAREHOUSE__REPORTS=NEWER)
    planned = call("load", "--dry-run", "--json", CCWAREHOUSE__REPORTS=NEWER)
    events = [json.loads(line) for line in done.stderr.splitlines()]
    newer = {"analytics_cost", "analytics_usage"}

    for output in (done.stdout, planned.stdout):
        told = json.loads(output)["reports"]
        assert newer == {each["report"] for each in told if each["is_unverified"]}
    assert {("claude_code", False), *((name, True) for name in newer)} == {
        (event["report"], event["is_unverified"]) for event in events
    }


def test_events_name_their_report(call):
    """The summary is of the first one."""
    done = call("load", "--log-format", "json")
    events = [json.loads(line) for line in done.stderr.splitlines()]
    named = {event["report"] for event in events if event["event"] == "day_loaded"}

    assert {"claude_code", "cost_report", "messages_usage"} == named
    assert ("summary", "claude_code") == (events[-1]["event"], events[-1]["report"])


def test_doctor_says_which_the_key_may_read(api, call):
    """One call for each, and none for those that are not named."""
    failing(api, "cost_report")
    done = call("doctor", "--json")
    found = {
        one["check"]: (one["verdict"], one["code"])
        for one in json.loads(done.stdout)["checks"]
    }

    assert 3 == done.exit_code
    assert {
        "cost_report": ("problem", 3),
        "messages_usage": ("ok", 0),
        "directory": ("ok", 0),
    } == {name: found[name] for name in PATHS if name in ALL}
    assert not PATHS.keys() & {
        one["check"]
        for one in json.loads(call("doctor", "--json", CCWAREHOUSE__REPORTS="").stdout)[
            "checks"
        ]
    }
