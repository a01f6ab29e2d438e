"""Loads into BigQuery's REST service: what arrives, and what fails.

The emulator cannot check that BigQuery accepts the SQL.
"""

import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from dlt.destinations.exceptions import (
    DatabaseTransientException,
    DatabaseUndefinedRelation,
)

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from bigquery_check import rows
from ccwarehouse.cli import main
from ccwarehouse.doctor import examine
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import resolve_settings
from emulator import CUT, LOST, TROUBLE
from loads import NOON, TABLES, History, load_from, record, showing
from soak import at_length

NUMBERS = itertools.count()
FIRST, SECOND, THIRD = "2026-03-07", "2026-03-08", "2026-03-09"
CENTS = "1234567.123456789012345678901234"
FINE = {
    "model": "opus",
    "tokens": {"input": 1},
    "estimated_cost": {"currency": "USD", "amount": CENTS},
}


@pytest.fixture
def history():
    """Three days with duplicates, an unknown field, a cost of 24 places, and more."""
    return History(
        {
            FIRST: [record(FIRST), record(FIRST), record(FIRST, "b@example.com")],
            SECOND: [record(SECOND, mood="fine", model_breakdown=[FINE])],
            THIRD: [record(THIRD, "c@example.com", is_remote=None)],
        }
    )


@pytest.fixture
def api(history):
    with FakeApi(history) as api:
        yield api


@pytest.fixture
def dataset():
    return f"usage_{next(NUMBERS)}"


@pytest.fixture
def load(bigquery, api, dataset, tmp_path):
    """Load the three days, or some of them, as the command line does."""

    def run(start=FIRST, end=THIRD, **more):
        given = {"destination": "bigquery", "dataset": dataset} | more
        return load_from(api, tmp_path / "usage.duckdb", start, end, **given)

    return run


@pytest.fixture
def call(bigquery, api, dataset, monkeypatch):
    """Run a command; returns its exit code, its stdout and its stderr."""
    monkeypatch.setenv("SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL", api.url)
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)

    def run(*words):
        where = ["--destination", "bigquery", "--dataset", dataset]
        done = CliRunner().invoke(main, [*words, *where])
        return done.exit_code, done.stdout, done.stderr

    return run


THREE_DAYS = ("load", "--quiet", "--start", FIRST, "--end", THIRD)


def held(dataset):
    """The rows of the three tables."""
    with open_warehouse("bigquery", Path("none"), dataset) as warehouse:
        return {table: rows(warehouse, table) for table in TABLES}


def emails(dataset, day):
    """The emails of a day's records."""
    found = [dict(row) for row in held(dataset)["usage_report"].elements()]
    return sorted(
        row["actor__email_address"] for row in found if str(row["date"]) == day
    )


def test_what_fails_raises(bigquery):
    """A missing table, and invalid SQL."""
    with (
        open_warehouse("bigquery", Path("none"), "nothing") as warehouse,
        warehouse.client() as client,
    ):
        with pytest.raises(DatabaseUndefinedRelation, match="404 POST"):
            client.execute_sql("select * from nothing.at_all")
        with pytest.raises(DatabaseTransientException, match="400 POST"):
            client.execute_sql("select from where")


def test_bigquery_holds_what_duckdb_holds(load, dataset, tmp_path):
    """The same history makes the same rows, to the last decimal place."""
    load()
    load(destination="duckdb")
    with open_warehouse("duckdb", tmp_path / "usage.duckdb", dataset) as warehouse:
        theirs = {table: rows(warehouse, table) for table in TABLES}
    ours = held(dataset)
    models = [dict(row) for row in ours["usage_report__model_breakdown"]]

    assert theirs == ours
    assert CENTS in [row["estimated_cost__amount"] for row in models]


def test_the_same_days_again_change_nothing(load, dataset):
    """Ids included; only the ledger grows."""
    load()
    before = held(dataset)
    outcome = load()

    assert [] == outcome.changed
    assert before == held(dataset)


def test_a_restated_day_is_replaced_whole(load, history, dataset):
    """A record more, one less, a day without records; a failed day stays unchanged."""
    load()
    history[FIRST] = [record(FIRST, "b@example.com"), record(FIRST, "new@example.com")]
    history[SECOND] = []
    history[THIRD] = [{"date": "nonsense"}]
    outcome = load()

    assert [THIRD] == [str(day) for day in outcome.failed]
    assert ["b@example.com", "new@example.com"] == emails(dataset, FIRST)
    assert [] == emails(dataset, SECOND)
    assert ["c@example.com"] == emails(dataset, THIRD)


def test_the_commands_know_what_is_there(load, call, api, dataset, tmp_path):
    """After a load: the views build, their claims hold, nothing is missing."""
    load()
    transformed = call("transform", "--check")
    status = call("status", "--json")
    settings = {"base_url": api.url, "api_key": DEMO_API_KEY}
    with showing(api, NOON):
        findings = list(
            examine(
                lambda: [resolve_settings(**settings)],
                "bigquery",
                tmp_path / "none",
                dataset,
                folders=(),
                clock=lambda: NOON,
            )
        )

    assert (0, "") == (transformed[0], transformed[2])
    assert "All checks hold." in transformed[1]
    assert (4, True) == (status[0], '"last": "2026-03-09"' in status[1])
    assert {"ok"} == {finding.verdict for finding in findings}


@at_length
def test_a_service_that_stumbles_is_asked_again(bigquery, call, dataset):
    """Each kind of request fails twice: the load takes longer and is complete."""
    stumbles = {kind: [CUT, 503] for kind in ("GET", "POST", "PUT")}
    bigquery.trouble = lambda sent: (
        stumbles[sent.method].pop() if stumbles[sent.method] else None
    )
    code, _, said = call(*THREE_DAYS)

    assert (0, {"GET": [], "POST": [], "PUT": []}) == (code, stumbles), said
    assert ["b@example.com"] + ["dev@example.com"] * 2 == emails(dataset, FIRST)


def test_an_upload_whose_reply_is_lost_is_not_made_twice(bigquery, call, dataset):
    """A first load appends rows: the next load finds rows without a ledger entry."""
    lost = []

    def lose(sent):
        if sent.method == "PUT" and not lost:
            lost.append(sent)
            return LOST
        return None

    bigquery.trouble = lose
    codes = [call(*THREE_DAYS)[0] for _ in range(2)]

    assert [5, 0] == codes
    assert ["b@example.com"] + ["dev@example.com"] * 2 == emails(dataset, FIRST)


@at_length
def test_a_replacement_whose_reply_is_lost_is_made_again(
    bigquery, load, history, dataset
):
    """Repeating it changes nothing, because it deletes first."""
    load()
    history[FIRST].append(record(FIRST, "new@example.com"))
    lost = []

    def lose(sent):
        if "DELETE FROM" in sent.sql and len(lost) < 3:
            lost.append(sent)
            return LOST
        return None

    bigquery.trouble = lose
    load()

    assert 3 == len(lost)
    stored = ["b@example.com", *["dev@example.com"] * 2, "new@example.com"]
    assert stored == emails(dataset, FIRST)


def test_a_load_that_is_refused_in_the_middle_is_repaired_by_the_next(
    bigquery, load, call, history, dataset
):
    """One table is replaced, one not: exit code 5, and the next load repairs it."""
    load(end=FIRST)
    history[FIRST] = [record(FIRST, "new@example.com", tool_actions={})]
    bigquery.trouble = lambda sent: (
        403 if "DELETE FROM" in sent.sql and "tool_actions" in sent.sql else None
    )
    refused = call("load", "--quiet", "--start", FIRST, "--end", FIRST)
    bigquery.trouble = lambda _: None
    gaps = call("status")
    left = held(dataset)
    load(end=FIRST)
    repaired = held(dataset)

    assert_one_line(refused, 5, TROUBLE, "Grant the rights")
    assert (4, 1, 12) == (gaps[0], *(left[TABLES[i]].total() for i in (0, 2)))
    assert (1, 0) == tuple(repaired[TABLES[i]].total() for i in (0, 2))


@pytest.mark.parametrize(
    ("words", "status"),
    [(THREE_DAYS, 404), (THREE_DAYS, 403), (["transform"], 403)],
    ids=["no such project", "nothing allowed", "no views allowed"],
)
def test_a_project_that_cannot_be_used(bigquery, call, words, status, monkeypatch):
    """Exit code 5 and one line, about the configured project."""
    monkeypatch.setenv("DESTINATION__BIGQUERY__PROJECT_ID", "elsewhere")
    bigquery.trouble = lambda _: status
    done = call(*words)

    assert_one_line(done, 5, str(status), TROUBLE)
    assert {True} == {"/projects/elsewhere/" in sent.path for sent in bigquery.sent}


def test_an_account_whose_key_is_refused(bigquery, call):
    """Exit code 5 and one line, as for any warehouse that refuses."""
    bigquery.knows_account = False

    assert_one_line(call("status"), 5, "account not found", "run the same command")


def test_without_credentials_it_is_a_matter_of_configuration(call, monkeypatch):
    """Exit code 3 and one line that says where to set them."""
    monkeypatch.delenv("DESTINATION__BIGQUERY__CREDENTIALS")
    monkeypatch.setenv("NO_GCE_CHECK", "true")  # else it looks for Google's machines
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere")

    assert_one_line(call("status"), 3, "`credentials`", ".dlt/secrets.toml")


def test_without_the_client_it_says_what_to_install(bigquery):
    """Exit code 3 and the extra's name."""
    done = status("import sys; sys.modules['google.cloud.bigquery'] = None")

    assert_one_line(done, 3, "Install it", "'ccwarehouse[bigquery]'")


def test_a_terminal_shows_nothing_but_what_we_say(bigquery):
    """The client's own warnings are not shown."""
    assert_one_line(status(""), 5, "load first")


def status(before):
    """Run `status` in its own process, after some code."""
    code = f"{before}\nfrom ccwarehouse.cli import main\nmain()"
    words = [sys.executable, "-c", code, "status", "--destination", "bigquery"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def assert_one_line(done, code, *words):
    """The exit code, nothing on stdout, and one line on stderr with these words."""
    returned, out, said = done

    assert (code, "", 1) == (returned, out, said.count("\n")), said
    assert [] == [word for word in words if word not in said], said
