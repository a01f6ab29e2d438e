"""A load as a whole: API in, tables and views in DuckDB out."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import pytest

from anthropic_admin_api.fake import error
from api import reply, tables
from ccwarehouse.load import Request, plan, portions
from ccwarehouse.status import read_status
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses.views import check
from ccwarehouse.words.load import duplicates, unknown
from claude_code_analytics import CLAUDE_CODE, CredentialsError, resolve_settings
from claude_code_marts import models
from loads import (
    NOON,
    TABLES,
    History,
    execute,
    load_from,
    query,
    record,
    served,
    stored_rows,
)
from whole_days.plan import Reason
from whole_days.report import DayFetch

PERSON, OTHER = "ada@example.com", "bob@example.com"


@pytest.fixture
def database(tmp_path):
    return tmp_path / "usage.duckdb"


@pytest.fixture
def history():
    return History(
        {
            "2026-03-07": [record("2026-03-07")],
            "2026-03-08": [record("2026-03-08", PERSON), record("2026-03-08", OTHER)],
            "2026-03-09": [record("2026-03-09")],
        }
    )


@pytest.fixture
def api(history):
    with served(history) as api:
        yield api


def asked_days(api):
    return [call.query["starting_at"] for call in api.calls]


def wanted_days(database, now=NOON):
    """Days of the next load beyond its lookback, with their reasons."""
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        settings = resolve_settings(lookback=0, initial_days=3)
        chosen = plan(
            Request(), warehouse.stored(CLAUDE_CODE, settings.account), now, settings
        )
    return [(item.day.isoformat(), item.reason) for item in chosen.wanted]


@pytest.mark.slow
def test_the_documented_example_gives_its_rate_and_its_cost(api, database):
    """45 accepted and 5 rejected are 0.9; 1025 cents are 10.25 USD."""
    load_from(api, database, "2026-03-09", "2026-03-09", views=True)

    rate = "select acceptance_rate from claude_code_marts.tool_acceptance_daily"
    cost = "select estimated_cost, currency from claude_code_marts.user_cost_daily"
    assert [(0.9,)] == query(database, f"{rate} where tool = 'edit_tool'")
    assert [(Decimal("10.25"), "USD")] == query(database, cost)


@pytest.mark.slow
def test_loading_again_gives_the_same_rows_with_the_same_ids(api, database):
    """A second load fetches the days again and changes no row."""
    load_from(api, database)
    before = stored_rows(database)
    again = load_from(api, database)

    assert before == stored_rows(database)
    assert ([], 3) == (again.changed, len(again.loaded))


@pytest.mark.slow
def test_an_unchanged_day_is_not_written_again(api, database):
    """Rows keep their load id while their day's content is the same."""
    loads = "select distinct _dlt_load_id from claude_code.usage_report"
    load_from(api, database)
    before = query(database, loads)
    load_from(api, database)

    assert before == query(database, loads)


@pytest.mark.slow
def test_loading_later_adds_the_days_since(api, history, database):
    """A load a day later adds the next day and changes no earlier row."""
    load_from(api, database)
    history["2026-03-10"] = [record("2026-03-10")]
    api.now = lambda: NOON + timedelta(days=1)
    outcome = load_from(api, database, now=NOON + timedelta(days=1))

    dates = "select date, count(*) from claude_code.usage_report group by date"
    expected = [(7, 1), (8, 2), (9, 1), (10, 1)]
    assert expected == sorted((day.day, rows) for day, rows in query(database, dates))
    assert [date(2026, 3, 10)] == outcome.changed


@pytest.mark.slow
@pytest.mark.parametrize(
    "records",
    [
        [record("2026-03-08", name) for name in (PERSON, OTHER, "eve@example.com")],
        [record("2026-03-08", OTHER)],
        [record("2026-03-08", PERSON, model_breakdown=[], tool_actions={})],
        [],
    ],
    ids=["more", "fewer", "without children", "none"],
)
def test_a_day_is_replaced_whole(api, history, database, records):
    """After a restatement the tables equal those of a fresh load."""
    load_from(api, database)
    history["2026-03-08"] = records
    load_from(api, database)
    fresh = database.with_name("fresh.duckdb")
    load_from(api, fresh)

    assert stored_rows(fresh) == stored_rows(database)


def test_records_that_share_every_key_are_all_kept_and_counted(api, history, database):
    """Every duplicate, even an identical one, is its own row."""
    duplicate = record("2026-03-09", core_metrics={"num_sessions": 1})
    history["2026-03-09"] = [record("2026-03-09"), duplicate, record("2026-03-09")]
    outcome = load_from(api, database, "2026-03-09", "2026-03-09")

    ids = "select count(*), count(distinct _dlt_id) from claude_code.usage_report"
    assert [(3, 3)] == query(database, ids)
    assert {date(2026, 3, 9): 2} == duplicates(outcome)


@pytest.fixture
def bare(history):
    """A day with one record, as the reference page shows it."""
    shown = record("2026-03-09", actor={"api_key_name": "nightly-job"})
    del shown["customer_type"], shown["is_remote"], shown["subscription_type"]
    history["2026-03-09"] = [shown]


@pytest.mark.slow
def test_the_reference_pages_shape_loads_with_its_actor_type(api, bare, database):
    """Its actor type is derived, and its customer type is `unknown`."""
    load_from(api, database, "2026-03-09", "2026-03-09", views=True)

    actor = "select actor_type, actor, customer_type, estimated_cost"
    expected = [("api_actor", "nightly-job", "unknown", Decimal("10.25"))]
    assert expected == query(
        database, f"{actor} from claude_code_marts.user_cost_daily"
    )


@pytest.mark.slow
def test_the_reference_pages_shape_is_no_trouble_to_any_reader(api, bare, database):
    """The summary, all views, all checks and the status accept it like any other."""
    outcome = load_from(api, database, "2026-03-09", "2026-03-09", views=True)
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        status = read_status(warehouse, CLAUDE_CODE, resolve_settings(), NOON)
        with warehouse.client() as client:
            failures = check(client)
    views = {
        view.name: query(database, f"from claude_code_marts.{view.name}")
        for view in models()
    }

    assert ([], [], []) == (status.gaps, failures, unknown(outcome))
    assert 1 == status.rows["usage_report"] == outcome.records
    of_files = {"stg_budgets", "stg_team_members", "stg_input_files", "budget_status"}
    of_files |= {"stg_actor_owners", "budget_forecast_daily"}
    of_files |= {"teams", "team_adoption_monthly", "team_members_monthly"}
    of_files |= {"team_people_monthly"}
    of_people = {"person_days", "person_months", "person_first_days"}  # here is none
    of_people |= {"user_lifecycle", "adoption_changes"}
    of_people |= {"cohort_months", "adoption_cohorts"}
    unusual = {"cost_anomalies", "day_revisions", "stg_unknowns"}
    empty = {name for name, rows in views.items() if not rows}
    assert unusual | of_files | of_people == empty


@pytest.mark.slow
def test_what_the_contract_does_not_know_is_kept_and_named(api, history, database):
    """An unknown field is in unknown_fields, a tool is a row; both are reported."""
    tools = {"bash_tool": {"accepted": 1, "rejected": 0}}
    history["2026-03-09"] = [record("2026-03-09", mood="fine", tool_actions=tools)]
    outcome = load_from(api, database, "2026-03-09", "2026-03-09")

    mood = "select unknown_fields ->> '$.mood' from claude_code.usage_report"
    assert [("fine",)] == query(database, mood)
    tool = "select tool, accepted from claude_code.usage_report__tool_actions"
    assert [("bash_tool", 1)] == query(database, tool)
    named = [(seen.kind, seen.name, seen.records) for seen in unknown(outcome)]
    assert [("field", "mood", 1), ("tool", "bash_tool", 1)] == named


@pytest.mark.slow
def test_a_failed_day_leaves_the_others_in_and_is_tried_again(api, database):
    """One day's error fails only that day, and the next load fetches it again."""

    def fault(request):
        failing = request.query["starting_at"] == "2026-03-08"
        return error(404, "not here") if failing else None

    api.fault = fault
    outcome = load_from(api, database)

    assert [date(2026, 3, 8)] == list(outcome.failed)
    assert outcome.failed[date(2026, 3, 8)].startswith("404 not_found_error: not here")
    assert [("2026-03-08", Reason.FAILED)] == wanted_days(database)
    api.fault = None
    load_from(api, database, lookback=0)
    assert [] == wanted_days(database)


@pytest.mark.slow
def test_a_day_that_fails_when_read_again_keeps_its_rows(api, database):
    """The stored rows of a day stay until the day is fetched whole again."""
    load_from(api, database)
    before = stored_rows(database)
    api.fault = lambda request: error(404, "not here")
    load_from(api, database)

    assert before == stored_rows(database)


@pytest.mark.slow
def test_tables_and_views_are_there_when_every_day_of_the_first_load_failed(
    api, database
):
    """After a first load in which every day failed, the views can be queried."""
    api.fault = lambda request: error(404, "not here")
    outcome = load_from(api, database, views=True)

    assert 3 == len(outcome.failed)
    counts = "select count(*) from claude_code_marts.user_cost_daily"
    assert [(0,)] == query(database, counts)


@pytest.mark.slow
def test_a_fetch_counts_only_when_its_load_was_completed(api, database):
    """Ledger rows of a load that is not in `_dlt_loads` do not count."""
    load_from(api, database)
    execute(database, "delete from claude_code._dlt_loads")

    never = Reason.NEVER_FETCHED
    days = ["2026-03-07", "2026-03-08", "2026-03-09"]
    assert [(day, never) for day in days] == wanted_days(database)


@pytest.mark.slow
@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "damage",
    [
        "delete from claude_code.{table} where date = '2026-03-08'",
        "update claude_code.{table} set _dlt_load_id = 'cut short'"
        " where date = '2026-03-08'",
    ],
    ids=["rows are missing", "rows are of a load cut short"],
)
def test_a_day_that_is_not_whole_is_loaded_again(api, database, table, damage):
    """Rows that differ from the last completed fetch are found and replaced."""
    load_from(api, database)
    before = stored_rows(database)
    execute(database, damage.format(table=table))

    assert [("2026-03-08", Reason.DAMAGED)] == wanted_days(database)
    load_from(api, database, lookback=0)
    assert before == stored_rows(database)
    assert [] == wanted_days(database)


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage",
    [
        "delete from claude_code._dlt_loads",
        "drop table claude_code._dlt_loads",
        "delete from claude_code.day_fetches",
        "drop table claude_code.day_fetches",
        "delete from claude_code._dlt_loads; delete from claude_code.day_fetches",
    ],
)
def test_rows_that_nothing_is_known_of_are_replaced(api, database, damage):
    """Even with a damaged ledger, rows are never added to a day that has some."""
    load_from(api, database)
    before = stored_rows(database)
    execute(database, damage)
    load_from(api, database, "2026-03-07", "2026-03-09")

    assert before == stored_rows(database)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "max_days"), [("2026-03-07", 1), ("2026-03-08", 2), ("2026-03-07", 120)]
)
def test_new_and_restated_days_in_one_run_are_each_themselves(
    api, history, database, monkeypatch, first, max_days
):
    """Appended and replaced days, in one or several packages, equal a fresh load's."""
    load_from(api, database, first, first)
    history[first] = [record(first, "eve@example.com"), record(first, OTHER)]
    history["2026-03-06"] = [record("2026-03-06")]
    monkeypatch.setattr(
        "ccwarehouse.load.portions", partial(portions, max_days=max_days)
    )
    days = ("2026-03-06", "2026-03-09")
    load_from(api, database, *days, concurrency=1)
    fresh = database.with_name("fresh.duckdb")
    load_from(api, fresh, *days)

    assert stored_rows(fresh) == stored_rows(database)
    assert [] == wanted_days(database)


@pytest.mark.slow
def test_a_day_read_before_it_was_over_is_read_again(api, history, database):
    """Today is stored if it is asked for, and fetched again once it is complete."""
    history["2026-03-10"] = [record("2026-03-10")]
    load_from(api, database, "2026-03-08", "2026-03-10")
    later = NOON + timedelta(days=1)

    assert [] == wanted_days(database)
    assert [("2026-03-10", Reason.NOT_FINAL)] == wanted_days(database, later)


@pytest.mark.slow
def test_a_backfill_reads_exactly_its_days_whatever_is_stored(api, database):
    """Exactly the given dates are fetched, even if they are stored."""
    load_from(api, database)
    api.calls.clear()
    load_from(api, database, "2026-03-07", "2026-03-08")

    assert ["2026-03-07", "2026-03-08"] == sorted(asked_days(api))


@pytest.mark.slow
def test_days_refused_after_others_were_accepted_fail_by_themselves(api, database):
    """The days fetched before are written, and the load is committed."""
    api.fault = lambda request: (
        error(401, "revoked") if request.query["starting_at"] > "2026-03-08" else None
    )

    outcome = load_from(api, database, "2026-01-01", "2026-03-09", concurrency=1)
    kept = """
        select count(distinct fetches.date), sum(records)
        from claude_code.day_fetches as fetches
        join claude_code._dlt_loads as loads on load_id = _dlt_load_id
        where loads.status = 0 and fetches.status = 'complete'
    """
    assert [date(2026, 3, 9)] == list(outcome.failed)
    assert [(67, 3)] == query(database, kept)
    rows = "select date::text, count(*) from claude_code.usage_report group by all"
    assert [("2026-03-07", 1), ("2026-03-08", 2)] == sorted(query(database, rows))


def test_a_key_that_is_refused_at_once_leaves_no_package(api, database):
    """If no day was fetched, nothing is written."""
    api.fault = lambda request: error(401, "revoked")

    with pytest.raises(CredentialsError):
        load_from(api, database)
    tables = "select table_name from duckdb_tables()"
    assert [] == query(database, tables)


@pytest.mark.slow
def test_every_table_and_column_carries_its_description(api, database):
    """Every table and column has a comment in the warehouse."""
    load_from(api, database, views=True)

    silent = """
        select table_name, column_name from duckdb_columns()
        where schema_name like 'claude_code%' and comment is null
            and table_name not like '\\_dlt%' escape '\\'
    """
    assert [] == query(database, silent)


@pytest.mark.slow
def test_the_ledger_holds_the_sums_of_each_day(api, database):
    """The ledger's records, sessions and cents of a day equal those of its rows."""
    load_from(api, database)

    ledger = """
        select report, pages, records, num_sessions, estimated_cost_cents, duplicates,
            is_final, is_changed, error
        from claude_code.day_fetches
        join claude_code.day_fetches__claude_code
            using (report, account, date, fetched_at, load_number, _dlt_load_id)
        where date = '2026-03-08'
    """
    expected = ("claude_code", 1, 2, 10, Decimal(2050), 0, True, True, None)
    assert [expected] == query(database, ledger)

    counts = """
        select table_name, row_count from claude_code.day_fetches__tables
        where date = '2026-03-08'
    """
    assert [*zip(TABLES, (2, 2, 8), strict=True)] == query(database, counts)


@pytest.mark.slow
def test_an_account_that_never_had_a_record_is_told_apart_from_a_quiet_day(
    api, history, database
):
    """The account counts as empty only if every day ever loaded is empty."""
    history.clear()
    empty = load_from(api, database)
    history["2026-03-09"] = [record("2026-03-09")]
    used = load_from(api, database)
    history.clear()
    quiet = load_from(api, database, now=NOON + timedelta(hours=1))

    flags = [outcome.account_is_empty for outcome in (empty, used, quiet)]
    assert [True, False, False] == flags


def test_packages_are_bounded_in_days_and_in_records():
    """A package ends with its last day or with the day that fills it with records."""

    days = [date(2026, 1, 1) + timedelta(days=offset) for offset in range(5)]
    content = replace(tables(reply()), records=10)
    fetches = [DayFetch(day, NOON, content) for day in days]

    def sizes(*limits):
        return [len(part) for part in portions(fetches, *limits)]

    assert [2, 2, 1] == sizes(2, 1000)
    assert [3, 2] == sizes(100, 21)
    assert [] == list(portions([]))
