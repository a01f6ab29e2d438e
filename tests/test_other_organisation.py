"""Another organisation's days never replace the stored days of an account."""

import json
import os
from datetime import date, timedelta

import dlt
import pytest
from click.testing import CliRunner
from dlt.pipeline.exceptions import PipelineStepFailed

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error
from ccwarehouse.cli import main
from ccwarehouse.load import Request, plan
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.load import outcome_as_dict, remarks
from claude_code_analytics import CLAUDE_CODE, resolve_settings, usage
from loads import NOON, History, execute, load_from, query, record, served, stored_rows
from whole_days.errors import OrganisationError
from whole_days.plan import Reason

pytestmark = pytest.mark.slow

PLAN = plan(Request(), {}, NOON, resolve_settings())
OURS, THEIRS = "11111111-ours", "99999999-theirs"
DAYS = ("2026-03-05", "2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09")
LEDGER = "select count(*) from claude_code.day_fetches"


def of(*organizations, days=DAYS):
    """A record of each organisation on each day."""
    return History(
        {
            day: [
                record(day, f"{name}@example.com", organization_id=name)
                for name in organizations
            ]
            for day in days
        }
    )


@pytest.fixture
def api():
    with served(of(OURS)) as api:
        yield api


@pytest.fixture
def database(api, tmp_path):
    """A warehouse in which the five days of our organisation are stored."""
    database = tmp_path / "usage.duckdb"
    load_from(api, database, DAYS[0], DAYS[-1])
    api.calls.clear()
    return database


def owners(database, account="default"):
    """The organisations of the records, by day."""
    rows = query(
        database,
        "select distinct date::text, organization_id from claude_code.usage_report"
        f" where account = '{account}' order by all",
    )
    return [organization for _, organization in rows]


def asked(api):
    return [call.query["starting_at"] for call in api.calls]


@pytest.mark.parametrize(
    "days", [DAYS, DAYS[-1:], DAYS[:1]], ids=["all", "last", "first"]
)
def test_another_organisations_days_are_refused(api, database, days):
    """Nothing is written, not even empty days before the first with records."""
    before, fetches = stored_rows(database), query(database, LEDGER)
    api.usage = of(THEIRS, days=days)
    with pytest.raises(OrganisationError) as refused:
        load_from(api, database, "2026-02-20", DAYS[-1], concurrency=1)

    assert (before, fetches) == (stored_rows(database), query(database, LEDGER))
    for named in (OURS, THEIRS, "__ACCOUNT"):
        assert named in str(refused.value)


def test_under_an_account_of_its_own_another_organisation_is_welcome(api, database):
    """Organisations are compared within an account, and each keeps its days."""
    api.usage = of(THEIRS)
    load_from(api, database, *DAYS[::4], account="theirs")

    assert [OURS] * 5 == owners(database)
    assert [THEIRS] * 5 == owners(database, "theirs")


def test_replacing_without_dates_reads_every_stored_day_again(api, database):
    """Afterwards the account holds only the other organisation."""
    api.usage = of(THEIRS)
    load_from(api, database, replace_organisation=True)
    after = load_from(api, database)

    assert [THEIRS] * 5 == owners(database)
    assert set() == after.new_organizations | after.gone_organizations


def test_replacing_empties_what_the_other_organisation_has_not(api, database):
    """A stored day without its records becomes empty, and the load says so."""
    api.usage = of(THEIRS, days=DAYS[3:])
    outcome = load_from(api, database, replace_organisation=True)

    assert [THEIRS] * 2 == owners(database)
    assert DAYS[:3] == tuple(map(str, sorted(outcome.emptied)))


def test_replacing_with_dates_reads_exactly_those(api, database):
    """The other days stay the first organisation's; then both are known."""
    api.usage = of(THEIRS)
    load_from(api, database, *DAYS[:2], replace_organisation=True)

    assert [THEIRS, THEIRS, OURS, OURS, OURS] == owners(database)
    assert list(DAYS[:2]) == sorted(asked(api))


def test_a_plan_to_replace_names_its_reason(api, database):
    """Stored days, today too, have this reason; new days have their own."""
    load_from(api, database, "2026-03-10", "2026-03-10")
    execute(
        database,
        "delete from claude_code.day_fetches where day(date) = 6;"
        " delete from claude_code.usage_report where day(date) = 6;"
        " delete from claude_code.usage_report__model_breakdown where day(date) = 6;"
        " delete from claude_code.usage_report__tool_actions where day(date) = 6",
    )
    with open_warehouse("duckdb", database, "claude_code", read_only=True) as warehouse:
        stored = warehouse.stored(CLAUDE_CODE, "default")
    request = Request(replace_organisation=True)
    wanted = plan(request, stored, NOON, resolve_settings()).wanted

    reasons = {item.day.day: item.reason for item in wanted}
    replaced = dict.fromkeys([5, 7, 8, 9, 10], Reason.REPLACED)
    assert {**replaced, 6: Reason.NEVER_FETCHED} == reasons


def test_one_organisation_more_or_less_is_told_and_loaded(api, database):
    """One organisation in common shows that the key is the same."""
    api.usage = of(OURS, THEIRS)
    more = load_from(api, database, *DAYS[::4])
    api.usage = of(THEIRS)
    less = load_from(api, database, *DAYS[::4])

    assert ({THEIRS}, set()) == (more.new_organizations, more.gone_organizations)
    assert (set(), {OURS}) == (less.new_organizations, less.gone_organizations)
    assert f"Organisation {THEIRS} is new in this account." in remarks(PLAN, more)
    gone = f"Organisation {OURS} is gone from the days fetched again."
    assert gone in remarks(PLAN, less)
    assert [OURS] == outcome_as_dict(PLAN, less, "")["gone_organizations"]


def test_organisations_are_compared_over_the_same_days(api, database):
    """An organisation without records on the fetched days is not gone."""
    api.usage = of(OURS, THEIRS, days=DAYS[:1])
    load_from(api, database, *DAYS[:1] * 2)
    api.usage = of(OURS)
    outcome = load_from(api, database, *DAYS[1::3])

    assert set() == outcome.new_organizations | outcome.gone_organizations


def test_the_first_load_takes_any_organisation(api, tmp_path):
    """No stored day can be replaced, and no organisation counts as new."""
    api.usage = of(THEIRS, OURS)
    outcome = load_from(api, tmp_path / "new.duckdb", *DAYS[::4])

    assert (5, set()) == (len(outcome.loaded), outcome.new_organizations)
    assert len(DAYS) == len(api.calls)


@pytest.mark.parametrize("nobody", [None, ""])
def test_records_that_name_no_organisation_prove_nothing(api, database, nobody):
    """The load fetches another stored day, and its records decide."""
    last = {DAYS[-1]: [record(DAYS[-1], organization_id=nobody)]}
    api.usage = History(of(OURS) | last)
    load_from(api, database, *DAYS[-1:] * 2)
    api.usage = History(of(THEIRS) | last)
    with pytest.raises(OrganisationError):
        load_from(api, database, *DAYS[-1:] * 2)

    assert [DAYS[-1], DAYS[-2]] * 2 == asked(api)


@pytest.mark.parametrize("nobody", [None, ""])
def test_stored_records_that_name_no_organisation_are_nobodys(api, tmp_path, nobody):
    """Any organisation may follow, because the stored one is not known."""
    database = tmp_path / "nobodys.duckdb"
    api.usage = of(nobody)
    load_from(api, database, *DAYS[::4])
    api.usage = of(THEIRS)
    outcome = load_from(api, database, *DAYS[::4])

    assert [THEIRS] * 5 == owners(database)
    assert set() == outcome.new_organizations


def test_days_that_all_failed_prove_nothing_and_replace_nothing(api, database):
    """The load fetches no other day, as there is nothing to replace."""
    before = stored_rows(database)
    api.fault = lambda request: error(404, "not here")
    outcome = load_from(api, database, *DAYS[2::2])

    assert (3, list(DAYS[2:])) == (len(outcome.failed), sorted(asked(api)))
    assert before == stored_rows(database)


def test_an_organisation_that_looks_like_an_email_is_not_told(api, database):
    """The line shows [email] for it."""
    api.usage = of("ann@example.com")
    with pytest.raises(OrganisationError) as refused:
        load_from(api, database, *DAYS[::4])

    assert (
        f"reads organisation [email], but account default holds organisation {OURS}"
        in str(refused.value)
    )


def test_a_load_without_any_record_asks_for_one_stored_day_more(api, database):
    """It is the newest other day with records; so another's key is found."""
    before = stored_rows(database)
    api.usage = of(THEIRS, days=DAYS[:2])
    with pytest.raises(OrganisationError):
        load_from(api, database, *DAYS[2::2])

    assert DAYS[1] == asked(api)[-1]
    assert before == stored_rows(database)


@pytest.mark.parametrize("days", [DAYS[:2], ()], ids=["ours", "nobody's"])
def test_days_that_became_empty_are_emptied_and_told(api, database, days):
    """If that day is the same organisation's, or if there is none."""
    api.usage = of(OURS, days=days)
    outcome = load_from(api, database, *DAYS[2::2])

    assert [OURS] * 2 == owners(database)
    told = "3 days had records and are empty now: 2026-03-07 to 2026-03-09."
    assert told in remarks(PLAN, outcome)


def test_no_proof_is_asked_for_where_there_can_be_none(api, database):
    """The load itself fetches every stored day with records."""
    api.usage = of()
    outcome = load_from(api, database, *DAYS[::4])

    assert (5, 5) == (len(outcome.emptied), len(api.calls))


@pytest.mark.parametrize("status", [404, 403])
def test_days_are_not_emptied_while_the_proof_cannot_be_had(api, database, status):
    """They fail and are tried again; days without stored records are loaded."""
    execute(database, "delete from claude_code.day_fetches where day(date) = 9")
    for table in stored_rows(database):
        execute(database, f"delete from claude_code.{table} where day(date) = 9")
    before = stored_rows(database)
    api.usage = of()
    api.fault = lambda request: (
        error(status, "not here") if request.query["starting_at"] == DAYS[1] else None
    )
    outcome = load_from(api, database, *DAYS[2::2])

    assert [7, 8] == sorted(day.day for day in outcome.failed)
    assert [date(2026, 3, 9)] == outcome.loaded
    assert "not here" in outcome.failed[date(2026, 3, 7)]
    assert before == stored_rows(database)


@pytest.fixture
def command(tmp_path, monkeypatch):
    """The command line in an empty folder, for days of these weeks."""
    with FakeApi() as api:
        monkeypatch.chdir(tmp_path)
        section = "SOURCES__CLAUDE_CODE_ANALYTICS"
        monkeypatch.setitem(os.environ, f"{section}__BASE_URL", api.url)
        monkeypatch.setitem(os.environ, f"{section}__INITIAL_DAYS", "2")
        monkeypatch.setitem(os.environ, "ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)

        def run(organization, *words):
            api.usage = lambda day: [record(str(day), organization_id=organization)]
            return CliRunner().invoke(main, ["load", *words])

        yield run


def test_the_command_line_refuses_with_3_and_replaces_when_told(command):
    """One line names both organisations and two remedies, and both work."""
    command(OURS)
    refused = command(THEIRS)
    planned = command(THEIRS, "--replace-organisation", "--dry-run", "--json")
    replaced = command(THEIRS, "--replace-organisation")
    again = command(THEIRS)

    codes = [done.exit_code for done in (refused, planned, replaced, again)]
    assert [3, 0, 0, 0] == codes
    (line,) = refused.stderr.splitlines()[-1:]
    assert OURS in line
    assert THEIRS in line
    assert line.endswith("(--replace-organisation).")
    (run,) = json.loads(planned.stdout)["plan"]
    assert "another organisation" == run["reason"]


def test_the_source_alone_is_guarded_as_well(tmp_path):
    """In a plain dlt pipeline the run fails before it writes anything."""
    pipeline = dlt.pipeline(
        "guarded",
        destination=dlt.destinations.duckdb(str(tmp_path / "mine.duckdb")),
        dataset_name="claude_code",
        pipelines_dir=str(tmp_path / "pipelines"),
    )
    with served(of(OURS)) as api:
        given = {"base_url": api.url, "api_key": DEMO_API_KEY, "clock": lambda: NOON}
        days = [NOON.date() - timedelta(days=back) for back in (1, 2)]
        pipeline.run(usage(days, **given))
        api.usage = of(THEIRS)
        with pytest.raises(PipelineStepFailed) as failed:
            pipeline.run(usage(days, **given))

    refused = failed.value.__cause__.__cause__
    assert isinstance(refused, OrganisationError)
    assert "account under [sources.claude_code_analytics]" in str(refused)
    assert "--" not in str(refused)  # a pipeline of one's own has no such options
    assert [OURS] * 2 == owners(tmp_path / "mine.duckdb")
