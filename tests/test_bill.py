"""Views of further reports: whose keys, the bill beside the estimate, and FOCUS."""

import csv
import datetime as dt
import re

import dlt
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from cases import cases
from ccwarehouse.cli import main
from ccwarehouse.report.sections.bill import OBSTACLES, REASONS
from ccwarehouse.reports import OPTIONAL
from ccwarehouse.warehouses.directory_inputs import KEYS, OWNERS, PEOPLE, TAGS
from ccwarehouse.warehouses.views import build
from claude_code_marts import checks, materialised, models, render
from claude_code_marts.models import tables_of
from engines import COMPUTED, prepared
from histories import Load, stored_after
from loads import query
from pages import DOCS, PAGES
from soak import sample
from test_engines import AWKWARD, tried

SECTION = "SOURCES__CLAUDE_CODE_ANALYTICS__"
FURTHER = {view.name for view in models(further=True) if view.is_further}
USUAL = {check.name for check in checks()}
OF_BILL = {
    check.name: check for check in checks(further=True) if check.name not in USUAL
}

# Mandatory in FOCUS 1.2, and the two columns of providers of 1.3.
MANDATORY = {
    *("BilledCost", "BillingAccountId", "BillingAccountName", "BillingCurrency"),
    *("BillingPeriodEnd", "BillingPeriodStart", "ChargeCategory", "ChargeClass"),
    *("ChargeDescription", "ChargePeriodEnd", "ChargePeriodStart", "ContractedCost"),
    *("EffectiveCost", "InvoiceIssuerName", "ListCost", "PricingQuantity"),
    *("PricingUnit", "ProviderName", "PublisherName", "ServiceCategory"),
    "ServiceName",
}
OF_PROVIDERS = {"HostProviderName", "ServiceProviderName"}

MIDNIGHT = dt.datetime(2025, 12, 31, tzinfo=dt.UTC)
NEARLY = dt.datetime(2025, 12, 31, 23, 59, 59, 999_999, tzinfo=dt.UTC)
MUCH_LATER = dt.datetime(2026, 2, 28, 12, tzinfo=dt.UTC)
# The loads of a few rows: committed, aborted, or lost.
FATES = st.lists(st.sampled_from(["in", "in", "in", "aborted", "lost"]), max_size=6)


@pytest.fixture
def call(tmp_path, monkeypatch):
    """Run a command in an empty folder, with the made-up organisation."""
    monkeypatch.chdir(tmp_path)
    with FakeApi() as api:
        given = {
            f"{SECTION}BASE_URL": api.url,
            f"{SECTION}INITIAL_DAYS": "3",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }

        def run(*words, reports="claude_code"):
            env = given | {"CCWAREHOUSE__REPORTS": reports}
            return CliRunner().invoke(main, words, env=env)

        yield run


def views(folder):
    """The views of the dataset."""
    found = query(
        folder / "ccwarehouse.duckdb",
        "select view_name from duckdb_views() where schema_name = 'claude_code_marts'",
    )
    return {name for (name,) in found}


@pytest.mark.slow
def test_views_of_further_reports_come_with_the_first_one(call, tmp_path):
    """Tables of the reports that are not loaded count as empty, and are not made."""
    call("load")
    before = views(tmp_path)
    done = call("export", "focus_1_2")
    call("load", reports="claude_code,directory")

    assert {view.name for view in models()} == before
    assert (5, True) == (done.exit_code, "name them in `reports`" in done.stderr)
    assert before | FURTHER == views(tmp_path)
    database = tmp_path / "ccwarehouse.duckdb"
    costs = "select count(*) from claude_code_marts.stg_cost_items"
    assert [(0,)] == query(database, costs)
    made = "select 1 from duckdb_tables() where table_name = 'cost_report'"
    assert [] == query(database, made)
    assert 0 == call("transform", "--check").exit_code


def test_every_reason_has_a_case_and_words():
    """In the guide; on the page those of people who sign in."""
    view = "cost_reconciliation_daily"
    [sql] = [model.sql for model in models(further=True) if model.name == view]
    [chosen] = re.findall(r"'api_key' then '.*?end as reason", sql, re.DOTALL)
    reasons = {*re.findall(r"(?:then|else) '(\w+)'", chosen)}
    shown = {
        row["reason"]
        for case in cases()
        if view in case.views
        for row in csv.DictReader((case.folder / "expected" / f"{view}.csv").open())
    }

    assert reasons | {""} == shown
    assert reasons <= {*re.findall(r"`(\w+)`", PAGES[DOCS / "bill.md"])}
    other_parts = {"billed_elsewhere", "not_separable"}
    assert reasons - other_parts == {*filter(None, REASONS), *OBSTACLES}


@pytest.mark.slow
def test_the_made_up_organisation_ties_to_its_bill(call, tmp_path):
    """Its keys have owners, those who sign in are compared, and the claims hold."""
    call("load", reports="claude_code,cost_report,messages_usage,directory")
    database = tmp_path / "ccwarehouse.duckdb"
    marts = "claude_code_marts"

    resolved = query(
        database,
        f"select distinct owner_resolution from {marts}.owner_cost_daily"
        " where actor_type = 'api_actor'",
    )
    compared = query(
        database,
        f"select count(cost_difference) from {marts}.cost_reconciliation_daily",
    )

    assert {("unknown",)} != {*resolved}
    assert compared[0][0] > 0
    asked = re.findall(r"```sql\n(.*?)```", PAGES[DOCS / "bill.md"], re.DOTALL)
    assert 2 == len(asked)
    assert all(query(database, sql.strip(" \n;")) for sql in asked)
    assert 0 == call("transform", "--check").exit_code


@pytest.mark.slow
def test_the_file_has_the_names_of_focus(call, tmp_path):
    """As Parquet and as CSV, with every mandatory column."""
    call("load", reports="claude_code,cost_report,messages_usage,directory")
    call("export", "focus_1_2", "--out", "focus.parquet")
    call("export", "focus_1_2", "--out", "focus.csv")

    table = pq.read_table(tmp_path / "focus.parquet")
    with (tmp_path / "focus.csv").open() as lines:
        header = next(lines).rstrip("\n").split(",")
    assert header == table.column_names
    assert MANDATORY | OF_PROVIDERS <= {*header}
    assert {"billed", "estimated"} == {*table["x_CostBasis"].to_pylist()}
    moment = re.compile(r"\d{4}-\d\d-\d\dT00:00:00Z")
    assert all(map(moment.fullmatch, table["ChargePeriodStart"].to_pylist()))


def test_names_that_are_not_mandatory_are_of_focus_or_begin_with_x():
    """A column of our own must begin with x_."""
    [focus] = [view for view in models(further=True) if view.name == "focus_1_2"]

    assert 21 == len(MANDATORY)
    assert all(re.fullmatch("(x_)?([A-Z][a-z]+)+", name) for name in focus.columns), (
        focus.columns
    )


def test_no_stored_mart_stands_on_further_reports():
    """A load of usage replaces stored rows; one of a further report does not."""
    optional = {table for tables in OPTIONAL.values() for table in tables}

    for view in materialised():
        assert not view.is_further
        assert tables_of(view).isdisjoint(optional)


OPTIONAL_TABLES = {
    name: table for tables in OPTIONAL.values() for name, table in tables.items()
}
# Few values, so that rows meet: odd letters, nulls, and ids that several rows share.
VALUES = {
    "account": st.sampled_from(["default", "other"]),
    "organization_id": st.sampled_from([None, "one", AWKWARD[0]["organization_id"]]),
    "name": st.sampled_from([None, "", "a", "ä", "key", "Claude Code"]),
    "date": st.sampled_from([dt.date(2025, 12, 31), dt.date(2026, 1, 1)]),
    "tags": st.sampled_from([None, "{}", '{"team":"Ä"}']),
    "currency": st.sampled_from(["USD", "EUR", None]),
    "cost_type": st.sampled_from([None, "tokens", "web_search", "code_execution"]),
    "token_type": st.sampled_from([None, "output_tokens", "uncached_input_tokens"]),
    "service_tier": st.sampled_from([None, "standard", "batch", "priority"]),
    "principal_type": st.sampled_from([None, "user", "service_account"]),
    "created_by_type": st.sampled_from([None, "user"]),
    "email": st.sampled_from([None, "", "A@example.com", "İ@example.com"]),
}
KINDS = {
    pa.string(): st.sampled_from([None, "", "a", "A", "ä", "Claude Code"]),
    pa.int64(): st.sampled_from([None, 0, 1, 10**12]),
    pa.decimal128(38, 24): st.none() | st.decimals(-(10**10), 10**10, places=24),
    pa.bool_(): st.sampled_from([None, True, False, False]),
    pa.timestamp("us", "UTC"): st.sampled_from([None, MIDNIGHT, NEARLY, MUCH_LATER]),
}


@st.composite
def further_rows(draw):
    """Rows of all tables of further reports."""
    return {
        name: [
            _row(draw, table, number) | {"_dlt_load_id": fate}
            for number, fate in enumerate(draw(FATES), 1)
        ]
        for name, table in OPTIONAL_TABLES.items()
    }


def _row(draw, table, number):
    """A row whose ids are its own: a snapshot has an element once."""
    own = {
        "_dlt_id": str(number),
        "content_hash": str(number),
        "snapshot_number": number,
        "seen_at": draw(st.sampled_from([MIDNIGHT, NEARLY])),
    }
    return {
        column.name: own[column.name]
        if column.name in own
        else draw(VALUES.get(column.name, KINDS.get(column.type)))
        for column in table.columns
    }


def test_odd_rows_are_the_same_in_every_engine(
    duckdb_engine, postgres_engine, googlesql_engine
):
    """Nulls, odd letters, shared names and ids, several currencies, refunds."""
    engines = [duckdb_engine, postgres_engine, googlesql_engine]
    usual = stored_after([Load("default", {dt.date(2025, 12, 31): AWKWARD})]).rows()
    for engine in engines:
        engine.fill(usual)

    @tried(sample(3, 200))
    @given(further_rows())
    def same(rows):
        for engine in engines:
            engine.fill(rows, tables=OPTIONAL_TABLES)
        expected, *others = (engine.views(FURTHER) for engine in engines)
        for other in others:
            for name in sorted(FURTHER):
                assert (name, expected[name]) == (name, other[name])
        for query_of_load in (OWNERS, TAGS, PEOPLE, KEYS):
            told, *others = (engine.flat(query_of_load) for engine in engines)
            assert [told, told] == others

    same()


def test_postgres_replaces_views_in_place_when_a_table_comes(postgres, tmp_path):
    """Stand-ins have the types of the tables, so that grants and readers stay."""
    address = postgres.address(database=postgres.new_database())
    destination = dlt.destinations.postgres(address)
    pipeline = prepared(destination, tmp_path)
    with pipeline.sql_client() as client:
        build(client, loaded=[])
        before = ids(client)
        build(client, loaded=["anthropic_directory"])
        build(client, loaded=[*OPTIONAL])

        assert before == ids(client)
        columns = client.execute_sql(
            "select column_name from information_schema.columns"
            " where table_name = 'focus_1_2'"
        )
        assert MANDATORY <= {name for (name,) in columns}


def ids(client):
    """The identity of each view of further reports."""
    return dict(
        client.execute_sql("select relname, oid from pg_class where relkind = 'v'")
    )


ALL = "select * from was"
SPOILT = [
    ("owners_cost_what_users_cost", "owner_cost_daily", f"{ALL} where false"),
    ("owners_cost_what_users_cost", "owner_cost_monthly", f"{ALL} where false"),
    ("an_owner_is_one_person_at_a_time", "key_owners", f"{ALL} union all {ALL}"),
    (
        "an_owner_is_one_person_at_a_time",
        "key_owners",
        "select * replace ('ambiguous' as resolution) from was",
    ),
    (
        "marts_count_with_the_owners_of_key_owners",
        "key_owners",
        "select * replace ('nobody@example.com' as owner) from was",
    ),
    (
        "marts_count_with_the_owners_of_key_owners",
        "key_owners",
        "select * replace ('same_owner' as resolution) from was",
    ),
    (
        "marts_count_with_the_owners_of_key_owners",
        "stg_actor_owners",
        f"{ALL} where false",
    ),
    (
        "estimate_and_bill_are_reconciled_whole",
        "cost_reconciliation_daily",
        "select * replace (billed_cost + 1 as billed_cost) from was",
    ),
    (
        "estimate_and_bill_are_reconciled_whole",
        "cost_reconciliation_daily",
        f"{ALL} where part <> 'api_key'",
    ),
    (
        "months_are_reconciled_as_their_days",
        "cost_reconciliation_monthly",
        f"{ALL} where part <> 'elsewhere'",
    ),
    (
        "focus_bills_what_was_billed",
        "focus_1_2",
        f"{ALL} where x_CostBasis <> 'billed'",
    ),
    ("focus_bills_what_was_billed", "focus_1_2", f"{ALL} where x_CostBasis = 'billed'"),
    *(
        (
            "focus_rows_keep_the_rules",
            "focus_1_2",
            f"select * replace ({change}) from was",
        )
        for change in (
            "ListCost as BilledCost",
            "null as ServiceName",
            "null as PricingQuantity",
            "'Tokens' as ConsumedUnit",
            "'[]' as Tags",
            "ChargePeriodStart as ChargePeriodEnd",
            "ChargePeriodStart as BillingPeriodEnd",
            "null as SubAccountName",
            "'XXX' as PricingCurrency",
            "'[]' as SkuPriceDetails",
            "ContractedUnitPrice + 1 as ContractedUnitPrice",
        )
    ),
    *(
        (f"{view}_has_its_grain", view, f"{ALL} union all {ALL}")
        for view in sorted(FURTHER)
    ),
]


def test_the_page_has_the_bill_once_it_is_loaded(call, tmp_path):
    """Before that nothing is said of one."""
    heading = "Does it tie to the bill?"
    page = tmp_path / "report.html"
    assert call("load").exit_code == 0
    assert call("report").exit_code == 0
    without = page.read_text(encoding="utf-8")

    assert call("load", reports="claude_code,cost_report,directory").exit_code == 0
    assert call("report").exit_code == 0

    assert heading not in without
    assert heading in page.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def computed(duckdb_engine, schemas):
    """The views as tables, with the rows of a case that has all kinds of them."""
    [case] = [each for each in cases() if each.name.startswith("an_estimate_is_no_")]
    duckdb_engine.fill(case.given(schemas))
    assert set() == duckdb_engine.broken(further=True)
    return duckdb_engine.client.native_connection


@pytest.mark.parametrize(("claim", "view", "spoilt"), SPOILT)
def test_a_view_that_breaks_a_claim_is_caught(computed, claim, view, spoilt):
    """Each check finds a fault in the views whose figures it claims."""
    computed.begin()
    computed.execute(f"set schema = '{COMPUTED}'")
    computed.execute(f"create table was as select * from {view}")
    computed.execute(f"create or replace table {view} as {spoilt}")

    found = computed.execute(render(OF_BILL[claim], marts=COMPUTED)).fetchone()
    computed.rollback()

    assert found


def test_every_check_has_been_seen_to_fail():
    """Each check has a test that makes it fail."""
    assert {*OF_BILL} == {claim for claim, *_ in SPOILT}
