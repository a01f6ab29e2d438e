"""A person is removed everywhere; the organisation's totals stay, and loads keep it so.

Ann has two rows a day in two accounts, and others whose names contain hers stay.
"""

import json
import shutil
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import duckdb
import pytest
from click.testing import CliRunner
from dlt.destinations.impl.duckdb.sql_client import DuckDbSqlClient

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from loads import execute, query, record
from soak import dice, sample

PRIVATE = {
    "CCWAREHOUSE__PSEUDONYMISE": "true",
    "CCWAREHOUSE__PSEUDONYM_SECRET": "5f8e0c1d9b7a46352413f0e1d2c3b4a5",
}
TODAY = datetime.now(UTC).date()
DAYS = [str(TODAY - timedelta(days=back)) for back in (4, 3, 2)]
SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
OTHER_KEY = "sk-ant-admin-other"
TEAMS = "actor,team\nann@example.com,Red\njoann@example.com,Red\nbob@example.com,Blue\n"
BUDGETS = (
    "scope,name,month,amount,currency\n"
    f"user,ann@example.com,{DAYS[0][:7]},100,USD\n"
    f"organisation,,{DAYS[0][:7]},900,USD\n"
)
TOTALS = """
    select models.account, models.date, models.organization_id, customer_type,
        sum(estimated_cost__amount), sum(tokens__input), sum(tokens__cache_creation)
    from claude_code.usage_report__model_breakdown as models
    join claude_code.usage_report as records on models._dlt_parent_id = records._dlt_id
    group by all order by all
"""
WORK = """
    select account, date, sessions, lines_added, lines_removed, commits,
        pull_requests, proposals, accepted
    from claude_code_marts.org_daily order by all
"""

pytestmark = pytest.mark.slow


def made(day, email, cents=1025, **fields):
    """A record with a cost of so many cents."""
    usage = record(day, email, **fields)
    usage["model_breakdown"][0]["estimated_cost"]["amount"] = cents
    return usage


def usage(organization, key):
    def of(day):
        if str(day) not in DAYS:
            return []
        own = {"organization_id": organization}
        nobody = {"type": "user_actor"}
        return [
            made(str(day), "Ann@Example.com", 0.123456789012, **own),
            made(str(day), "ann@example.com", 7, terminal_type="vim", **own),
            made(str(day), "joann@example.com", 11, **own),
            made(str(day), "bob@example.com", 13, boss="ann@example.com", **own),
            made(str(day), "", 17, actor=nobody, **own),
            made(str(day), "", actor={"type": "api_actor", "api_key_name": key}, **own),
        ]

    return of


@pytest.fixture(scope="module")
def api():
    with FakeApi(usage("ours", "ci-key")) as api:
        api.more[OTHER_KEY] = usage("theirs", "ann-key")
        yield api


@pytest.fixture(scope="module")
def given(api):
    return {
        f"{SECTION}BASE_URL": api.url,
        f"{SECTION}INITIAL_DAYS": "4",
        f"{SECTION}SETTLE_MINUTES": "0",
        f"{SECTION}BACKOFF": "0.01",
        f"{SECTION}ACCOUNTS__ACME__API_KEY": DEMO_API_KEY,
        f"{SECTION}ACCOUNTS__BETA__API_KEY": OTHER_KEY,
        "CCWAREHOUSE__TEAMS": "teams.csv",
        "CCWAREHOUSE__BUDGETS": "budgets.csv",
    }


@pytest.fixture(scope="module")
def loaded(given, tmp_path_factory):
    """A file with all days; each test gets a copy."""
    folder = tmp_path_factory.mktemp("loaded")
    files = write_files(folder)
    ended = CliRunner().invoke(
        main, ["load", "--database", str(folder / "a.duckdb")], env=given | files
    )
    assert 0 == ended.exit_code, ended.output
    return folder / "a.duckdb"


def write_files(folder):
    (folder / "teams.csv").write_text(TEAMS)
    (folder / "budgets.csv").write_text(BUDGETS)
    return {
        "CCWAREHOUSE__TEAMS": str(folder / "teams.csv"),
        "CCWAREHOUSE__BUDGETS": str(folder / "budgets.csv"),
    }


@pytest.fixture
def database(loaded, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_files(tmp_path)
    shutil.copy(loaded, tmp_path / "ccwarehouse.duckdb")
    return tmp_path / "ccwarehouse.duckdb"


@pytest.fixture
def call(given, database):
    def run(*words, **more):
        return CliRunner().invoke(main, words, env=given | more)

    return run


def test_a_forgotten_person_is_nowhere_and_totals_stay(call, database):
    """To the last digit, in tables and marts; others keep their rows."""
    before = [query(database, TOTALS), query(database, WORK)]
    people = query(
        database, "select max(active_users) from claude_code_marts.org_daily"
    )
    ended = call("forget", "ANN@example.com")
    names = {
        name
        for (name,) in query(
            database,
            "select distinct actor__email_address from claude_code.usage_report",
        )
    }

    assert (0, "") == (ended.exit_code, ended.stderr)
    assert {"joann@example.com", "bob@example.com", "", None} >= names
    assert before == [query(database, TOTALS), query(database, WORK)]
    assert [(3,)] == people
    assert [(2,)] == query(
        database, "select max(active_users) from claude_code_marts.org_daily"
    )
    assert b"Ann@Example.com" not in database.read_bytes()
    bare = database.read_bytes().replace(b"joann@example.com", b"")
    assert b"ann@example.com" not in bare
    assert 0 == call("transform", "--check").exit_code


def test_two_forgotten_people_and_a_nameless_one_are_one_row(call, database):
    """Of a day, an organisation and a terminal, with their costs added exactly."""
    call("forget", "ann@example.com")
    call("forget", "bob@example.com")
    nameless = """
        select records.terminal_type, count(distinct records._dlt_id),
            sum(core_metrics__num_sessions), cast(sum(estimated_cost__amount) as text)
        from claude_code.usage_report as records
        join claude_code.usage_report__model_breakdown as models
            on models._dlt_parent_id = records._dlt_id
        where coalesce(actor__email_address, '') = '' and actor__api_key_name is null
            and records.account = 'acme' and records.date = %r
        group by all order by all
    """
    cents = "30.123456789012000000000000"

    assert [
        ("vim", 1, 5, "7.000000000000000000000000"),
        ("vscode", 1, 15, cents),
    ] == query(database, nameless % DAYS[1])


def test_a_later_load_keeps_a_person_out_and_changes_nothing(call, database):
    """Also from the files, which still name Ann, and in days fetched again."""
    call("forget", "ann@example.com")
    before = query(database, TOTALS)
    again = call("load", "--json", "--lookback", "4")
    anew = call("load", "--json", "--start", DAYS[0], "--end", DAYS[2])

    assert 0 == json.loads(again.stdout)["days_changed"]
    assert 0 == json.loads(anew.stdout)["days_changed"]
    assert before == query(database, TOTALS)
    assert [("bob@example.com",), ("joann@example.com",)] == query(
        database, "select actor from claude_code_marts.stg_team_members order by all"
    )
    assert "nowhere" in call("forget", "ann@example.com").stdout


def test_a_restated_day_comes_nameless(call, database):
    """A damaged day is written anew by the load, and Ann stays out of it."""
    call("forget", "ann@example.com")
    before = query(database, TOTALS)
    execute(database, f"delete from claude_code.usage_report where date = '{DAYS[0]}'")
    call("load", "--json")

    assert before == query(database, TOTALS)
    assert 0 == call("transform", "--check").exit_code
    assert "nowhere" in call("forget", "ann@example.com").stdout


def test_dropped_rows_stay_dropped(call, database):
    """With --drop-rows the totals are those of the others."""
    ended = call("forget", "ann@example.com", "--drop-rows")
    left = (
        "select count(*), sum(core_metrics__num_sessions) from claude_code.usage_report"
    )
    after = query(database, left)
    again = call("load", "--json", "--lookback", "4")

    assert 0 == ended.exit_code
    assert [(24, 120)] == after == query(database, left)
    assert 0 == json.loads(again.stdout)["days_changed"]
    assert 0 == call("transform", "--check").exit_code


def test_a_dry_run_counts_and_changes_nothing(call, database):
    """By table, and the days of each account."""
    before = database.read_bytes()
    found = json.loads(call("forget", "ann@example.com", "--dry-run", "--json").stdout)

    assert before == database.read_bytes()
    assert {"acme": DAYS, "beta": DAYS} == found["days"]
    stored = {name: n for name, n in found["rows"].items() if "stored_" not in name}
    assert {
        "usage_report": 12,
        "usage_report__model_breakdown": 12,
        "usage_report__tool_actions": 48,
        "team_members": 1,
        "budgets": 1,
    } == stored
    assert len(found["rows"]) > len(stored)


def test_somebody_who_is_not_there_is_an_error(call, database):
    """It ends with 2 and writes nothing, also of a part of a name."""
    before = database.read_bytes()
    ended = call("forget", "nn@example.com")

    assert 2 == ended.exit_code
    assert "Nobody of this name" in ended.stderr
    assert before == database.read_bytes()
    assert 2 == call("forget", " ").exit_code


def test_a_key_is_forgotten_by_its_name(call, database):
    """Only where a value is its name: it may be a part of any text."""
    execute(
        database,
        "update claude_code.day_fetches set status = 'failed', error = 'ci-key'"
        f" where account = 'beta' and date = '{DAYS[0]}'",
    )
    ended = call("forget", "CI-key")

    assert 0 == ended.exit_code
    assert [("ann-key",)] == query(
        database,
        "select distinct actor__api_key_name from claude_code.usage_report"
        " where actor__api_key_name is not null",
    )


def test_a_table_of_someone_else_is_found_by_the_search(call, database):
    """It is named, and the command ends with 5."""
    execute(
        database,
        "create table claude_code.my_notes as select 'ask Ann@example.com!' as note",
    )
    ended = call("forget", "ann@example.com")

    assert 5 == ended.exit_code
    assert "my_notes" in ended.stderr


def test_views_comments_and_views_of_others_survive_the_new_file(call, database):
    """The file is written anew with all that is in it."""
    execute(
        database,
        "create view claude_code_marts.mine as"
        " select count(*) as n from claude_code_marts.user_daily",
    )
    described = "select count(*) from duckdb_columns() where comment is not null"
    before = query(database, described)
    call("forget", "bob@example.com")

    assert before == query(database, described)
    assert query(database, "from claude_code_marts.mine")
    assert 0 == call("transform", "--check").exit_code


def test_pseudonymise_brings_a_dataset_over(call, database):
    """Names become what a load would store, so that it finds nothing changed."""
    totals, work = query(database, TOTALS), query(database, WORK)
    ended = call("pseudonymise", **PRIVATE)
    again = call("load", "--json", "--lookback", "4", **PRIVATE)

    assert (0, "") == (ended.exit_code, ended.stderr)
    assert "no email is left" in ended.stdout
    assert 0 == json.loads(again.stdout)["days_changed"]
    assert (totals, work) == (query(database, TOTALS), query(database, WORK))
    assert 0 == call("transform", "--check").exit_code
    assert (
        0
        == json.loads(call("pseudonymise", "--json", **PRIVATE).stdout)[
            "days_rewritten"
        ]
    )
    assert 3 == call("load").exit_code
    assert 3 == call("pseudonymise").exit_code


def test_a_person_of_a_pseudonymised_dataset_is_forgotten_by_email(call, database):
    """Given the email and the secret; later loads keep it so."""
    call("pseudonymise", **PRIVATE)
    people = "select count(distinct actor) from claude_code_marts.person_days"
    before = query(database, people)
    ended = call("forget", "Ann@example.com", **PRIVATE)
    again = call("load", "--json", "--lookback", "4", **PRIVATE)

    assert 0 == ended.exit_code
    assert ([(3,)], [(2,)]) == (before, query(database, people))
    assert 0 == json.loads(again.stdout)["days_changed"]


def test_what_was_forgotten_before_stays_so_with_pseudonyms(call, database):
    """The hash is of the name, and loads compare both."""
    call("forget", "ann@example.com")
    call("pseudonymise", **PRIVATE)
    again = call("load", "--json", "--lookback", "4", **PRIVATE)
    people = "select count(distinct actor) from claude_code_marts.person_days"

    assert 0 == json.loads(again.stdout)["days_changed"]
    assert [(2,)] == query(database, people)


def test_a_file_that_does_not_exist_is_not_created(call, tmp_path):
    """There is nobody to forget in it."""
    ended = call("forget", "ann@example.com", "--database", "new.duckdb")

    assert 5 == ended.exit_code
    assert not (tmp_path / "new.duckdb").exists()
    with pytest.raises(duckdb.IOException):
        duckdb.connect(tmp_path / "new.duckdb", read_only=True)


class KilledError(BaseException):
    """Nothing after this runs, as after a SIGKILL: nothing is rolled back by hand."""


@contextmanager
def statements(monkeypatch, last=None):
    """Counts the statements, and kills the command before one of them."""
    counted = []
    run = DuckDbSqlClient.execute_query

    @contextmanager
    def execute_query(self, text, *args, **given):
        counted.append(text)
        if len(counted) == last:
            raise KilledError
        with run(self, text, *args, **given) as cursor:
            yield cursor

    with monkeypatch.context() as patched:
        patched.setattr(DuckDbSqlClient, "execute_query", execute_query)
        yield counted


@pytest.mark.parametrize(
    ("words", "more"),
    [(("forget", "ann@example.com"), {}), (("pseudonymise",), PRIVATE)],
    ids=["forget", "pseudonymise"],
)
def test_a_killed_command_is_run_again(call, database, monkeypatch, words, more):
    """Before any of its statements: totals are right at each moment, and at the end."""
    kept = database.with_name("kept.duckdb")
    shutil.copy(database, kept)
    totals = query(database, TOTALS)
    with statements(monkeypatch) as every:
        call(*words, **more)
    moments = [*range(1, len(every) + 1)]
    chosen = dice(words[0]).sample(moments, sample(quick=2, soak=len(moments)))
    for moment in chosen:
        shutil.copy(kept, database)
        with statements(monkeypatch, moment), pytest.raises(KilledError):
            call(*words, **more)
        assert totals == query(database, TOTALS)
        ended = call(*words, **more)
        again = call("load", "--json", "--lookback", "4", **more)

        assert (0, "", moment) == (ended.exit_code, ended.stderr, moment)
        assert totals == query(database, TOTALS)
        assert 0 == json.loads(again.stdout)["days_changed"]
        assert 0 == call("transform", "--check").exit_code


def test_an_interrupted_pseudonymise_lets_no_load_between(call, database):
    """Names and pseudonyms would stand side by side."""
    call("pseudonymise", **PRIVATE)
    execute(
        database,
        "insert into claude_code.dataset_facts values ('unfinished_pseudonyms', 'yes')",
    )
    refused = [call("load", **more) for more in (PRIVATE, {})]

    assert [3, 3] == [ended.exit_code for ended in refused]
    assert "Run it again" in refused[0].stderr
    assert 0 == call("pseudonymise", **PRIVATE).exit_code
    assert 0 == call("load", **PRIVATE).exit_code


def test_what_dlt_has_left_of_a_load_goes_too(call, database):
    """A day that was replaced is still in the staging dataset."""
    staged = """
        select count(*) from claude_code_staging.usage_report
        where actor__email_address ilike 'ann@%'
    """
    execute(database, f"delete from claude_code.usage_report where date = '{DAYS[0]}'")
    call("load")
    before = query(database, staged)
    ended = call("forget", "ann@example.com")

    assert before > [(0,)]
    assert 0 == ended.exit_code
    assert [(0,)] == query(database, staged)
