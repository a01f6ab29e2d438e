"""The rows of the views, in a real DuckDB, built as the warehouse builds them."""

import re
from decimal import Decimal
from random import Random

import dlt
import pytest

from ccwarehouse.reports import all_tables
from ccwarehouse.warehouses import NothingLoadedError
from ccwarehouse.warehouses.views import build, check
from claude_code_marts import checks, models, render
from ratios import Ratio
from test_models import RATIOS

CHECKS = {check.name: check for check in checks()}

FETCH = {"report": "claude_code", "account": "default", "load_number": 1}

LOADS = """
create table _dlt_loads (load_id varchar, status bigint);
insert into _dlt_loads values ('in', 0), ('aborted', 1);
"""


class Warehouse:
    """The raw tables, filled by hand, and the views, built when first asked."""

    def __init__(self, client):
        self.client = client
        self.dataset = client.fully_qualified_dataset_name()
        self.size = 0
        self.is_built = False
        client.create_dataset()
        client.execute_sql(f"set schema = '{client.dataset_name}'")
        for name, table in all_tables().items():
            client.native_connection.register("rows", table.empty())
            client.execute_sql(
                f"create table {name} as select *, '' as _dlt_load_id from rows"
            )
        client.execute_sql(LOADS)

    def record(self, *, email="dev@example.com", models=(), tools=(), **columns):
        """One usage record with its model entries and tool actions."""
        self.size += 1
        record = {
            "account": "default",
            "date": "2025-09-01",
            "organization_id": "dc9f6c26",
            "actor__type": "user_actor",
            "actor__email_address": email,
            "customer_type": "api",
            "_dlt_id": f"r{self.size}",
            **columns,
        }
        self._insert("usage_report", record)
        for number, entry in enumerate(models):
            self._child("usage_report__model_breakdown", record, number, entry)
        for number, action in enumerate(tools):
            self._child("usage_report__tool_actions", record, number, action)

    def fetch(self, fetched_at, load="in", **columns):
        """One row of the ledger, for the first of September."""
        fetch = {
            **FETCH,
            "date": "2025-09-01",
            "fetched_at": f"2025-09-{fetched_at}:00+00:00",
            "status": "complete",
            "is_final": True,
            "is_changed": True,
            "_dlt_load_id": load,
            **columns,
        }
        self._insert("day_fetches", fetch)

    def files(self, load="in"):
        """A team of the usual user, and a budget of the first of September's month."""
        for name in ("teams", "budgets"):
            self._insert("input_files", {"name": name, "_dlt_load_id": load})
        member = {"actor": "dev@example.com", "team": "Red", "line": 2}
        self._insert("team_members", member | {"_dlt_load_id": load})
        budget = {
            "scope": "organisation",
            "name": "",
            "month": "2025-09-01",
            "amount": "1",
            "currency": "USD",
            "basis": "all",
            "line": 2,
            "_dlt_load_id": load,
        }
        self._insert("budgets", budget)

    def unknown(self, fetched_at, name, records, date="2025-09-01", example="7"):
        """One row of drift."""
        seen = {
            **FETCH,
            "date": date,
            "fetched_at": f"2025-09-{fetched_at}:00+00:00",
            "kind": "field",
            "name": name,
            "records": records,
            "example": example,
        }
        self._insert("day_fetches__unknowns", seen)

    def build(self):
        """The views, as they follow from the raw tables now."""
        build(self.client)
        self.client.execute_sql(f"set schema = '{self.client.dataset_name}_marts'")
        self.is_built = True

    def ask(self, query):
        """The rows of a query over the views."""
        if not self.is_built:
            self.build()
        return self.client.execute_sql(query)

    def breaks(self, claim):
        """Whether the check of this name finds rows."""
        return bool(self.client.execute_sql(render(CHECKS[claim], raw=self.dataset)))

    def spoil(self, view, query):
        """Replace a view by one that reads the old view as `was`."""
        self.ask(f"create table was as select * from {view}")
        self.client.execute_sql(f"create or replace view {view} as {query}")

    def _child(self, table, record, number, columns):
        shared = {key: record[key] for key in ("account", "date", "organization_id")}
        parent = record["_dlt_id"]
        own = {"_dlt_parent_id": parent, "_dlt_id": f"{parent}.{number}"}
        self._insert(table, {**shared, **own, **columns})

    def _insert(self, table, row):
        marks = ", ".join(["%s"] * len(row))
        self.client.execute_sql(
            f"insert into {self.dataset}.{table} ({', '.join(row)}) values ({marks})",
            *row.values(),
        )


def entry(cents, currency="USD", model="claude-sonnet-4-5", **tokens):
    return {
        "model": model,
        "estimated_cost__amount": cents if cents is None else Decimal(cents),
        "estimated_cost__currency": currency,
        **tokens,
    }


def action(tool, accepted, rejected):
    return {"tool": tool, "accepted": accepted, "rejected": rejected}


def sql_client(folder, dataset="claude_code"):
    return dlt.pipeline(
        "marts",
        destination=dlt.destinations.duckdb(str(folder / "usage.duckdb")),
        dataset_name=dataset,
        pipelines_dir=str(folder / "pipelines"),
    ).sql_client()


@pytest.fixture
def client(tmp_path):
    with sql_client(tmp_path) as client:
        yield client


@pytest.fixture
def warehouse(client):
    return Warehouse(client)


def test_a_cost_may_be_multiplied_by_a_rate(warehouse):
    """Multiplying the greatest possible cost by a rate does not overflow."""
    warehouse.record(models=[entry("9" * 14)])

    actual = warehouse.ask("select estimated_cost * 1.1925 from user_cost_monthly")

    assert [(Decimal("1192499999999.988075"),)] == actual


@pytest.mark.slow
def test_ratios_are_doubles_of_six_places(warehouse):
    """They equal exact arithmetic, also for refunds and tiny amounts."""
    random = Random(20250901)
    for user in range(40):
        cents = random.choice(["7", "0.0001", "-0.0001", str(random.random() * 1e5)])
        for day in range(1, random.randrange(2, 9)):
            costs = [entry(cents)] if day == 1 else []
            warehouse.record(email=f"{user}", date=f"2025-09-{day:02}", models=costs)

    rows = warehouse.ask(
        "select estimated_cost, active_days, cost_per_active_day, cost_share"
        " from user_cost_monthly"
    )

    total = sum(cost for cost, *_ in rows)
    for cost, days, average, share in rows:
        expected = Ratio(cost / days), Ratio(cost / total)
        assert expected == (average, share)
        assert (average, share) == (round(average, 6), round(share, 6))


@pytest.mark.slow
def test_columns_are_those_promised(warehouse):
    """Names and order of the marts' columns are a public contract."""
    acceptance = ["accepted", "rejected", "proposals", "acceptance_rate"]
    who = ["actor_type", "actor"]
    tokens = ["input_tokens", "output_tokens"]
    tokens += ["cache_read_tokens", "cache_creation_tokens"]
    cost = ["estimated_cost", *tokens]
    lines = ["lines_added", "lines_removed"]
    activity = ["sessions", *lines, "commits", "pull_requests"]
    met = ["proposals", "accepted", "acceptance_rate"]
    user = [*who, "customer_type", "currency", *cost]
    day = ["account", "organization_id", "date"]
    month = ["account", "organization_id", "month"]
    kind = ["customer_type", "currency"]
    whole = ["days_complete", "days_missing", "days_provisional", "is_complete"]
    variety = ["terminals", "remote_sessions"]
    user_day = [*day, *who, *kind, "has_activity"]

    expected = {
        "tool_acceptance_daily": [*day, "tool", *acceptance],
        "user_tool_acceptance_daily": [*day, "tool", *who, *acceptance],
        "user_cost_daily": [*day, *user],
        "user_cost_monthly": [
            *[*month, *user],
            *["active_days", "cost_per_active_day", "cost_share"],
            *["days_complete", "days_missing", "days_provisional", "is_complete"],
        ],
        "model_cost_daily": [
            *day,
            "model",
            "customer_type",
            "currency",
            *cost,
            "users",
        ],
        "org_daily": [
            *[*day, "active_users", "active_keys", *activity, *met],
            *["is_final", "is_weekend"],
        ],
        "user_activity_daily": [
            *[*user_day, "records", "records_with_cost", *activity, *met],
            *[*variety, "model_entries", "models", *cost],
        ],
        "user_daily": [
            *[*user_day, *activity, *met, *variety, "models", *cost],
            *["team", "owner"],
        ],
        "terminal_daily": [
            *[*day, "terminal_type", "is_remote"],
            *["users", "sessions", "lines_added", "commits"],
        ],
        "adoption_daily": [
            *[*day, "dau", "wau", "mau", "stickiness", "workday_stickiness"],
            *["new_users", "returning_users", "resurrected_users", "dormant_users"],
            *["days_in_window", "is_final"],
        ],
        "adoption_cohorts": [
            *["account", "organization_id", "cohort_month", "months_since", "month"],
            *["users", "retained", "retention_rate", "is_left_edge", "is_running"],
            *whole,
        ],
        "user_lifecycle": [
            *["account", "organization_id", "actor", "first_seen", "last_seen"],
            *["days_active", "days_active_28", "days_since_last", "sessions_28"],
            *["state", "as_of", "team"],
        ],
        "org_cost_daily": [
            *[*day, *kind, *cost, "users_with_cost", "records_with_cost", "records"],
            *["cost_7_days", "cost_28_days"],
        ],
        "model_mix_monthly": [
            *[*month, *kind, "model", "estimated_cost", "cost_share", *tokens],
            *["cache_read_share", "blended_cost_per_million_output", "users", *whole],
        ],
    }
    for mart, columns in expected.items():
        assert columns == [name for name, *_ in warehouse.ask(f"describe {mart}")]


COSTS = [
    *("cost_cents", "estimated_cost", "estimated_cost_change"),
    *("estimated_cost_of_people", "estimated_cost_with_activity", "expected_cost"),
    "records_without_cost",
]


@pytest.mark.slow
def test_money_is_beside_its_currency(warehouse):
    """A cost has the same name in every view, without a currency in the name."""
    found = {
        model.name: [name for name, *_ in warehouse.ask(f"describe {model.name}")]
        for model in models()
    }

    moved = {"cost_7_days", "cost_28_days"}
    assert {*COSTS, *moved, *RATIOS} >= {
        name
        for columns in found.values()
        for name in columns
        if "cost" in name and not name.endswith("_with_cost")
    }
    # what may be spent is an amount
    assert {
        view for view in found if {"estimated_cost", "amount"} & {*found[view]}
    } == {view for view in found if "currency" in found[view]}


@pytest.mark.slow
def test_a_file_can_be_pasted_into_a_duckdb_shell(warehouse):
    """Each file runs unchanged when the views are on the search path."""
    warehouse.record(models=[entry("1")], tools=[action("edit_tool", 1, 0)])

    for model in models():
        expected = sorted(warehouse.ask(f"from {model.name}"), key=str)
        assert expected == sorted(warehouse.ask(model.sql), key=str)


def test_views_say_what_their_rows_are(warehouse):
    """The grain on a file's first line is the view's comment in the warehouse."""
    actual = warehouse.ask(
        "select view_name, comment from duckdb_views()"
        " where schema_name = 'claude_code_marts'"
    )

    assert {(model.name, model.description) for model in models()} == set(actual)


COLUMNS = """
    select table_name, column_name, comment, data_type from duckdb_columns()
    where schema_name = 'claude_code_marts'
    order by table_name, column_index
"""


def test_every_column_says_what_it_means(warehouse):
    """A file's head names all columns in order, and the warehouse stores the texts.

    Built twice: DuckDB forgets the comments of a view that is replaced.
    """
    warehouse.build()
    warehouse.build()

    expected = [
        (model.name, column, text)
        for model in sorted(models(), key=lambda model: model.name)
        for column, text in model.columns.items()
    ]
    assert expected == [row[:3] for row in warehouse.ask(COLUMNS)]


# By a column's type, one of the words its description needs; texts have no unit.
UNITS = {
    "BIGINT": r"\(count\)|Number of",
    "BOOLEAN": "^True ",
    "DATE": r"\bUTC day\b",
    "DECIMAL(13,12)": r"\b0 to 1\b",
    "DECIMAL(38,12)": r"\b(units of the currency|currency's units)\b",
    "DOUBLE": r"\b0 to 1\b|\bunits of the currency\b",
    "TIMESTAMP WITH TIME ZONE": r"\(UTC\)",
    "VARCHAR": "",
}


def test_every_number_and_moment_says_its_unit(warehouse):
    """Each number says whether it is a count, currency, cents or a share."""
    unitless = [
        (view, column, text)
        for view, column, text, kind in warehouse.ask(COLUMNS)
        if not re.search(UNITS[kind], text)
    ]

    assert [] == unitless


def test_building_again_follows_the_raw_tables(warehouse):
    """A rebuild after a load shows the loaded rows."""
    warehouse.record()
    before = warehouse.ask("select count(*) from user_cost_daily")
    warehouse.record(date="2025-09-02")
    warehouse.build()
    after = warehouse.ask("select count(*) from user_cost_daily")

    assert [(1,)] == before
    assert [(2,)] == after


def test_a_build_that_fails_leaves_the_old_views(warehouse):
    """Either all views change or none."""
    warehouse.record()
    warehouse.ask("create or replace view stg_usage as select 'old' as state")
    warehouse.client.execute_sql("drop table claude_code.usage_report__tool_actions")

    with pytest.raises(NothingLoadedError):
        build(warehouse.client)

    actual = warehouse.client.execute_sql("select * from claude_code_marts.stg_usage")
    assert [("old",)] == actual


def test_before_the_first_load_the_error_says_to_load(client):
    """Without raw tables nothing is built, and the message names the next command."""
    with pytest.raises(NothingLoadedError, match="ccwarehouse load"):
        build(client)


def test_before_the_first_build_the_error_says_to_build(warehouse):
    """Without views there is nothing to check, and the message says what to run."""
    with pytest.raises(NothingLoadedError, match="ccwarehouse transform"):
        check(warehouse.client)


def test_a_dataset_may_have_any_name(tmp_path):
    """The dataset's name may be a keyword."""
    with sql_client(tmp_path, dataset="order") as client:
        warehouse = Warehouse(client)
        warehouse.record(models=[entry("1")])

        actual = warehouse.ask(
            'select estimated_cost from "order_marts".user_cost_daily'
        )

        assert [(Decimal("0.01"),)] == actual
        assert [] == check(client)


# A view may have no row there: nulls stand in for it.
SOME = "(select was.* from (select 1) as one left join was on true)"

TWICE = f"from {SOME} union all from {SOME}"
NONE = "from was where false"
MORE_COST = "select * replace (estimated_cost + 1 as estimated_cost) from was"
MORE_ACCEPTED = "select * replace (accepted + 1 as accepted) from was"
MORE_REJECTED = "select * replace (rejected + 1 as rejected) from was"
RATE_OVER_1 = "select * replace (1.5 as acceptance_rate) from was"
NO_INCREASE = f"select * replace (-1 as excess) from {SOME}"
LOW_FORECAST = "select * replace (estimated_cost - 1 as forecast) from was"
MORE_COVERED = "select * replace (1.5 as coverage) from was"
MORE_COSTLY = "select * replace (1.5 as cost_coverage) from was"
NO_TEAM = "select * replace ('(no team)' as team) from was"
NEVER = "select * replace ('never' as state) from was"
NO_RATE = "select * replace (null as acceptance_rate) from was"

ALL_OF_THEM_TWICE = "select * replace (2 as active_share) from was"
TOO_STICKY = "select * replace (1.5 as stickiness) from was"
TOO_LOYAL = "select * replace (1.5 as retention_rate) from was"

MORE_CENTS = "select * replace (cost_cents + 1 as cost_cents) from was"
MORE_SPENT = "select * replace (spent + 1 as spent) from was"
MORE_ACTIVE = "select * replace (active_users + 1 as active_users) from was"
MORE_LAPSED = "select * replace (lapsed_users + 1 as lapsed_users) from was"
MORE_SESSIONS = "select * replace (sessions + 1 as sessions) from was"
MORE_PROPOSALS = "select * replace (proposals + 1 as proposals) from was"
MORE_OF_ALL = "select * replace (retained + 1 as retained) from was"
FEWER_AT_FIRST = "select * replace (retained - 1 as retained) from was"
NEITHER = """
    select * replace (
        0 as new_users, 0 as returning_users, 0 as resurrected_users
    ) from was
"""
ONE_MORE_AGAIN = """
    select * replace (
        dau + 1 as dau,
        0 as new_users,
        0 as returning_users,
        cast(dau + 1 as bigint) as resurrected_users
    ) from was
"""
A_FULLER_WEEK = "select * replace (7 as wau) from was"
A_FULLER_MONTH = "select * replace (7 as mau) from was"
OUT_OF_NOWHERE = """
    with came as (
        select * replace (
            0 as new_users, 0 as resurrected_users, 0 as dormant_users, 7 as mau
        ) from was
    )
    from came union all
    select * replace (cast(date + 1 as date) as date, 8 as mau) from came
"""

MODEL_BREAKDOWN = "usage_report__model_breakdown"
TOOL_ACTIONS = "usage_report__tool_actions"

SPOILT_VIEWS = [
    *((f"{view.name}_has_its_grain", view.name, TWICE) for view in models()),
    ("every_user_day_is_kept", "user_cost_daily", NONE),
    ("every_user_day_is_kept", "user_cost_monthly", NONE),
    ("costs_add_up", "user_cost_daily", MORE_COST),
    ("costs_add_up", "user_cost_monthly", MORE_COST),
    ("costs_add_up", "model_cost_daily", MORE_COST),
    ("days_cost_what_their_users_cost", "org_cost_daily", MORE_COST),
    ("days_cost_what_their_users_cost", "user_cost_daily", MORE_COST),
    ("days_cost_what_their_users_cost", "user_daily", MORE_COST),
    ("months_cost_what_their_models_cost", "org_cost_daily", NONE),
    ("months_cost_what_their_models_cost", "model_mix_monthly", MORE_COST),
    ("activity_adds_up", "user_daily", MORE_SESSIONS),
    ("activity_adds_up", "user_daily", NONE),
    ("activity_adds_up", "org_daily", MORE_PROPOSALS),
    ("activity_adds_up", "org_daily", MORE_ACCEPTED),
    ("daily_users_are_new_returning_or_resurrected", "adoption_daily", NEITHER),
    (
        "daily_users_are_new_returning_or_resurrected",
        "adoption_daily",
        ONE_MORE_AGAIN,
    ),
    ("windows_follow_from_the_day_before", "adoption_daily", OUT_OF_NOWHERE),
    ("windows_count_their_people", "adoption_daily", A_FULLER_WEEK),
    ("windows_count_their_people", "adoption_daily", A_FULLER_MONTH),
    ("no_cohort_retains_more_than_it_has", "adoption_cohorts", MORE_OF_ALL),
    ("no_cohort_retains_more_than_it_has", "adoption_cohorts", FEWER_AT_FIRST),
    ("acceptances_add_up", "tool_acceptance_daily", MORE_ACCEPTED),
    ("acceptances_add_up", "tool_acceptance_daily", MORE_REJECTED),
    ("acceptances_add_up", "user_tool_acceptance_daily", MORE_ACCEPTED),
    ("acceptances_add_up", "user_tool_acceptance_daily", MORE_REJECTED),
    ("people_are_in_the_teams_of_the_files", "user_daily", NO_TEAM),
    ("nobody_seen_was_never_there", "user_lifecycle", NEVER),
    ("team_costs_add_up", "team_cost_monthly", MORE_COST),
    ("team_costs_add_up", "team_cost_monthly", MORE_CENTS),
    ("team_acceptances_add_up", "team_acceptance_monthly", MORE_ACCEPTED),
    ("team_acceptances_add_up", "team_acceptance_monthly", MORE_REJECTED),
    ("team_members_add_up", "team_adoption_monthly", MORE_ACTIVE),
    ("team_members_add_up", "team_adoption_monthly", MORE_LAPSED),
    ("budgets_add_up", "budget_status", MORE_SPENT),
    ("rates_lie_between_0_and_1", "tool_acceptance_daily", RATE_OVER_1),
    ("rates_lie_between_0_and_1", "user_tool_acceptance_daily", NO_RATE),
    ("rates_lie_between_0_and_1", "user_activity_daily", RATE_OVER_1),
    ("rates_lie_between_0_and_1", "org_daily", NO_RATE),
    ("rates_lie_between_0_and_1", "team_acceptance_monthly", RATE_OVER_1),
    ("rates_lie_between_0_and_1", "team_adoption_monthly", ALL_OF_THEM_TWICE),
    ("rates_lie_between_0_and_1", "adoption_daily", TOO_STICKY),
    ("rates_lie_between_0_and_1", "adoption_cohorts", TOO_LOYAL),
    ("an_anomaly_is_an_increase", "cost_anomalies", NO_INCREASE),
    ("coverage_lies_between_0_and_1", "unit_cost_monthly", MORE_COVERED),
    ("coverage_lies_between_0_and_1", "data_quality", MORE_COSTLY),
    ("forecasts_hold_what_was_spent", "month_forecast", LOW_FORECAST),
    ("unit_costs_add_up", "unit_cost_monthly", MORE_COST),
]

SPOILT_TABLES = [
    ("counts_are_not_negative", "usage_report", "core_metrics__num_sessions = -1"),
    ("counts_are_not_negative", MODEL_BREAKDOWN, "tokens__output = -1"),
    ("counts_are_not_negative", TOOL_ACTIONS, "rejected = -1"),
    ("every_child_has_its_record", "usage_report", "date = '2025-10-01'"),
    ("every_child_has_its_record", MODEL_BREAKDOWN, "account = 'x'"),
    ("every_child_has_its_record", TOOL_ACTIONS, "_dlt_parent_id = 'x'"),
]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A warehouse with a row in every raw table, where every claim holds.

    The organisation is null, which counts as a value.
    """
    with sql_client(tmp_path_factory.mktemp("whole")) as client:
        warehouse = Warehouse(client)
        warehouse.record(
            organization_id=None,
            models=[entry("100")],
            tools=[action("edit_tool", 3, 1)],
        )
        for day in ("02", "03"):
            warehouse.fetch(f"{day} 02:00", records=int(day))
            warehouse.unknown(f"{day} 02:00", "novelty", 1)
        warehouse.files()
        warehouse.build()
        assert [] == check(client)
        yield warehouse


@pytest.fixture
def spoilable(whole):
    """The same; what a test does to it is rolled back."""
    connection = whole.client.native_connection
    connection.begin()
    yield whole
    connection.rollback()


@pytest.mark.parametrize(("claim", "view", "query"), SPOILT_VIEWS)
def test_a_view_that_breaks_a_claim_is_caught(spoilable, claim, view, query):
    """Each check finds a fault in the views whose figures it claims."""
    spoilable.spoil(view, query)

    assert spoilable.breaks(claim)


@pytest.mark.parametrize(("claim", "table", "change"), SPOILT_TABLES)
def test_a_table_that_breaks_a_claim_is_caught(spoilable, claim, table, change):
    """Each check finds a fault in the tables whose figures it claims."""
    spoilable.ask(f"update claude_code.{table} set {change}")

    assert spoilable.breaks(claim)


def test_every_check_has_been_seen_to_fail():
    """Each check has a test that makes it fail."""
    planted = {claim for claim, *_ in [*SPOILT_VIEWS, *SPOILT_TABLES]}

    assert {claim.name for claim in checks()} == planted


def test_a_failure_shows_the_rows_and_counts_them(warehouse):
    """A failure shows the claim and twenty of the rows that break it."""
    for _ in range(25):
        warehouse.record(core_metrics__num_sessions=-1)
    build(warehouse.client)

    [failure] = check(warehouse.client)

    assert failure.claim == "Claim: no count is negative."
    assert failure.columns == ("relation", "account", "date", "usage_id")
    assert failure.rows[0][:2] == ("stg_usage", "default")
    assert (len(failure.rows), failure.count) == (20, 25)
