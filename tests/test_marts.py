"""What the views answer, on a real DuckDB, built the way the warehouse builds them."""

from decimal import Decimal
from random import Random

import dlt
import pytest

from ccwarehouse.warehouses import NothingLoadedError
from ccwarehouse.warehouses.views import build, check
from claude_code_marts import checks, models
from ratios import Ratio
from test_models import RATIOS

RAW_TABLES = """
create table usage_report (
    account varchar, date date, organization_id varchar,
    actor__type varchar, actor__email_address varchar, actor__api_key_name varchar,
    customer_type varchar, subscription_type varchar,
    is_remote boolean, terminal_type varchar,
    core_metrics__num_sessions bigint,
    core_metrics__lines_of_code__added bigint,
    core_metrics__lines_of_code__removed bigint,
    core_metrics__commits_by_claude_code bigint,
    core_metrics__pull_requests_by_claude_code bigint,
    unknown_fields varchar, _dlt_id varchar, _dlt_load_id varchar
);
create table usage_report__model_breakdown (
    account varchar, date date, organization_id varchar, model varchar,
    tokens__input bigint, tokens__output bigint,
    tokens__cache_read bigint, tokens__cache_creation bigint,
    estimated_cost__currency varchar, estimated_cost__amount decimal(38, 24),
    _dlt_parent_id varchar, _dlt_list_idx bigint,
    _dlt_id varchar, _dlt_load_id varchar
);
create table usage_report__tool_actions (
    account varchar, date date, organization_id varchar, tool varchar,
    accepted bigint, rejected bigint,
    _dlt_parent_id varchar, _dlt_id varchar, _dlt_load_id varchar
);
create table day_fetches (
    account varchar, date date, fetched_at timestamptz, load_number bigint,
    status varchar, error varchar,
    is_final boolean, pages bigint, records bigint,
    model_breakdown_rows bigint, tool_actions_rows bigint,
    num_sessions bigint, estimated_cost_cents decimal(38, 24),
    content_hash varchar, is_changed boolean, _dlt_load_id varchar
);
create table day_fetches__unknowns (
    account varchar, date date, fetched_at timestamptz,
    kind varchar, name varchar, records bigint, example varchar, _dlt_load_id varchar
);
create table _dlt_loads (load_id varchar, status bigint);
insert into _dlt_loads values ('in', 0), ('aborted', 1);
"""


class Warehouse:
    """The raw tables, filled by hand; `ask` builds the views and queries them."""

    def __init__(self, client):
        self.client = client
        self.dataset = client.fully_qualified_dataset_name()
        self.size = 0
        client.create_dataset()
        client.execute_sql(f"set schema = '{client.dataset_name}'")
        client.execute_sql(RAW_TABLES)

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
            "account": "default",
            "date": "2025-09-01",
            "fetched_at": f"2025-09-{fetched_at}:00+00:00",
            "status": "complete",
            "is_final": True,
            "is_changed": True,
            "_dlt_load_id": load,
            **columns,
        }
        self._insert("day_fetches", fetch)

    def unknown(self, fetched_at, name, records, date="2025-09-01", example="7"):
        """One thing that a fetch met and nobody knows."""
        seen = {
            "account": "default",
            "date": date,
            "fetched_at": f"2025-09-{fetched_at}:00+00:00",
            "kind": "field",
            "name": name,
            "records": records,
            "example": example,
        }
        self._insert("day_fetches__unknowns", seen)

    def ask(self, query):
        """The rows of a query over the views."""
        build(self.client)
        self.client.execute_sql(f"set schema = '{self.client.dataset_name}_marts'")
        return self.client.execute_sql(query)

    def spoil(self, view, query):
        """Put a view in a view's place that reads what it held, as `was`."""
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


def test_the_example_of_the_api_gives_its_rate_and_its_cost(warehouse):
    """45 accepted and 5 rejected are 0.9, and 1025 cents are 10.25 dollars."""
    warehouse.record(models=[entry("1025")], tools=[action("edit_tool", 45, 5)])

    rate = warehouse.ask("select acceptance_rate from tool_acceptance_daily")
    cost = warehouse.ask("select currency, estimated_cost from user_cost_daily")

    assert [(0.9,)] == rate
    assert [("USD", Decimal("10.25"))] == cost


def test_the_rate_of_a_group_comes_from_its_summed_counts(warehouse):
    """1 of 1 and 0 of 3 are a rate of 1 in 4, not the mean of 1 and 0."""
    warehouse.record(email="a@example.com", tools=[action("edit_tool", 1, 0)])
    warehouse.record(email="b@example.com", tools=[action("edit_tool", 0, 3)])

    actual = warehouse.ask("select * exclude (date) from tool_acceptance_daily")

    assert [("default", "dc9f6c26", "edit_tool", 1, 3, 4, 0.25)] == actual


@pytest.mark.parametrize("counts", [(0, 0), (None, None)])
def test_nothing_proposed_has_no_rate(warehouse, counts):
    """No proposals are a count of 0 and a rate of NULL."""
    warehouse.record(tools=[action("edit_tool", *counts)])

    for mart in ("tool_acceptance_daily", "user_tool_acceptance_daily"):
        actual = warehouse.ask(f"select proposals, acceptance_rate from {mart}")
        assert [(0, None)] == actual


def test_currencies_are_never_added(warehouse):
    """Two currencies are two rows, by user, by month and by model."""
    warehouse.record(models=[entry("100"), entry("300", currency="EUR")])

    expected = [("EUR", Decimal(3)), ("USD", Decimal(1))]
    for mart in ("user_cost_daily", "user_cost_monthly", "model_cost_daily"):
        actual = warehouse.ask(
            f"select currency, estimated_cost from {mart} order by 1"
        )
        assert expected == actual


def test_customer_types_are_never_added(warehouse):
    """What is billed by the token stays apart from what a subscription covers."""
    warehouse.record(customer_type="api", models=[entry("100")])
    warehouse.record(customer_type="subscription", models=[entry("300")])

    expected = [("api", Decimal(1)), ("subscription", Decimal(3))]
    for mart in ("user_cost_daily", "user_cost_monthly", "model_cost_daily"):
        actual = warehouse.ask(
            f"select customer_type, estimated_cost from {mart} order by 1"
        )
        assert expected == actual


def test_measures_do_not_multiply_through_joins(warehouse):
    """A record with three models and four tools, twice, counts each of them once."""
    entries = [entry("100", model=name, tokens__input=7) for name in "abc"]
    actions = [action(tool, 2, 1) for tool in "wxyz"]
    warehouse.record(models=entries, tools=actions)
    warehouse.record(models=entries, tools=actions)

    cost = "select sum(estimated_cost), sum(input_tokens), count(*) from "
    tools = "select sum(accepted), sum(rejected), count(*) from "

    assert [(6, 42, 1)] == warehouse.ask(cost + "user_cost_daily")
    assert [(6, 42, 1)] == warehouse.ask(cost + "user_cost_monthly")
    assert [(6, 42, 3)] == warehouse.ask(cost + "model_cost_daily")
    assert [(16, 8, 4)] == warehouse.ask(tools + "tool_acceptance_daily")
    assert [(16, 8, 4)] == warehouse.ask(tools + "user_tool_acceptance_daily")


def test_someone_active_without_a_model_keeps_a_row_without_a_cost(warehouse):
    """Activity without model entries is there, and its measures NULL, not 0."""
    warehouse.record()

    daily = warehouse.ask(
        "select actor, columns('currency|cost|tokens') from user_cost_daily"
    )
    monthly = warehouse.ask(
        "select actor, active_days, columns('currency|cost|tokens')"
        " from user_cost_monthly"
    )

    assert [("dev@example.com", *[None] * 6)] == daily
    assert [("dev@example.com", 1, *[None] * 8)] == monthly


def test_a_costless_record_beside_a_costly_one_adds_no_row(warehouse):
    """One user's day is one row a currency, whatever its records are."""
    warehouse.record()
    warehouse.record(models=[entry("100")])

    actual = warehouse.ask("select currency, estimated_cost from user_cost_daily")

    assert [("USD", Decimal(1))] == actual


def test_a_costless_day_counts_as_active_in_the_month(warehouse):
    """Active days are days with any record, and share the month's one row."""
    warehouse.record(date="2025-09-01", models=[entry("100"), entry("50")])
    warehouse.record(date="2025-09-02")
    warehouse.record(date="2025-09-30", models=[entry("75")])
    warehouse.record(date="2025-10-01")

    actual = warehouse.ask(
        "select cast(month as varchar), currency, estimated_cost, active_days,"
        " cost_per_active_day from user_cost_monthly order by month"
    )

    assert [
        ("2025-09-01", "USD", Decimal("2.25"), 3, Decimal("0.75")),
        ("2025-10-01", None, None, 1, None),
    ] == actual


def test_every_currency_of_a_month_has_all_its_active_days(warehouse):
    """Active days are the user's, whatever the currency; a day with two is one."""
    warehouse.record(date="2025-09-01", models=[entry("1"), entry("1", "EUR")])
    warehouse.record(date="2025-09-02", models=[entry("1", "EUR")])

    actual = warehouse.ask(
        "select currency, active_days from user_cost_monthly order by currency"
    )

    assert [("EUR", 2), ("USD", 2)] == actual


@pytest.mark.slow
def test_what_is_unknown_is_a_group_with_a_name(warehouse):
    """NULL and empty in actor type and customer type are one group in every view."""
    empty = {"actor__type": "", "customer_type": ""}
    missing = {"actor__type": None, "customer_type": None}
    for unknown in (empty, missing):
        warehouse.record(
            **unknown, models=[entry("100")], tools=[action("edit_tool", 1, 0)]
        )

    for view in ("stg_usage", "stg_model_usage", "stg_tool_actions"):
        actual = warehouse.ask(f"select actor_type, customer_type from {view}")
        assert 2 * [("unknown", "unknown")] == actual
    for mart in ("user_cost_daily", "user_cost_monthly", "model_cost_daily"):
        actual = warehouse.ask(f"select customer_type, estimated_cost from {mart}")
        assert [("unknown", Decimal(2))] == actual
    for mart in ("user_cost_daily", "user_cost_monthly", "user_tool_acceptance_daily"):
        assert [("unknown",)] == warehouse.ask(f"select actor_type from {mart}")
    assert [(1,)] == warehouse.ask("select users from model_cost_daily")
    assert [] == check(warehouse.client)


def test_unknown_groups_are_groups(warehouse):
    """NULL in organisation, actor type and customer type loses and doubles nothing."""
    unknown = {"organization_id": None, "actor__type": None, "customer_type": None}
    warehouse.record(**unknown, models=[entry("100")])
    warehouse.record(**unknown, models=[entry("300")])
    warehouse.record(**unknown, date="2025-09-02")

    daily = warehouse.ask("select estimated_cost from user_cost_daily order by date")
    monthly = warehouse.ask(
        "select estimated_cost, active_days, cost_share from user_cost_monthly"
    )

    assert [(Decimal(4),), (None,)] == daily
    assert [(Decimal(4), 2, Decimal(1))] == monthly


def test_incomplete_model_entries_survive(warehouse):
    """An entry without currency, or without cost, keeps its row and its tokens."""
    warehouse.record(
        models=[entry(None, tokens__input=1), entry("5", currency=None), entry("7")]
    )

    for mart in ("user_cost_daily", "user_cost_monthly", "model_cost_daily"):
        actual = warehouse.ask(
            f"select currency, estimated_cost, input_tokens from {mart}"
            " order by currency nulls first"
        )
        assert [(None, Decimal("0.05"), None), ("USD", Decimal("0.07"), 1)] == actual


def test_emails_differ_in_more_than_case(warehouse):
    """One person is one actor, however the email was written."""
    warehouse.record(email="Dev@Example.com", models=[entry("1")])
    warehouse.record(email="dev@example.COM", models=[entry("2")])

    actual = warehouse.ask("select actor, estimated_cost from user_cost_daily")

    assert [("dev@example.com", Decimal("0.03"))] == actual


def test_case_is_folded_within_ascii_alone(warehouse):
    """What lower() makes of other letters differs between warehouses and locales."""
    warehouse.record(email="\u0130\u1e9e\xc9\u03a3Z@Example.com")

    actual = warehouse.ask("select actor from stg_usage")

    assert [("\u0130\u1e9e\xc9\u03a3z@example.com",)] == actual


def test_an_actor_is_its_email_else_its_key_else_unknown(warehouse):
    """Every record has an actor; a key keeps its case, for names may differ in it."""
    warehouse.record(email="a@example.com", actor__api_key_name="key")
    warehouse.record(email=None, actor__api_key_name="CI-key")
    warehouse.record(email=None)

    actual = warehouse.ask("select actor from stg_usage order by usage_id")

    assert [("a@example.com",), ("CI-key",), ("unknown",)] == actual


def test_users_of_a_model_are_counted_once(warehouse):
    """Users are actors with their type: a key named like an email is someone else."""
    warehouse.record(models=[entry("1"), entry("1")])
    warehouse.record(models=[entry("1")])
    warehouse.record(actor__type=None, models=[entry("1")])
    warehouse.record(
        email=None,
        actor__type="api_actor",
        actor__api_key_name="dev@example.com",
        models=[entry("1")],
    )

    assert [(3,)] == warehouse.ask("select users from model_cost_daily")


def test_a_share_is_of_one_kind_of_money_in_one_organisations_month(warehouse):
    """Billed and unbilled money, and two currencies, have no total to share."""
    warehouse.record(email="a", models=[entry("100"), entry("5", currency="EUR")])
    warehouse.record(email="b", models=[entry("200")])
    warehouse.record(email="b", customer_type="subscription", models=[entry("7")])
    warehouse.record(email="c", organization_id="other", models=[entry("9")])
    warehouse.record(email="d", date="2025-10-01", models=[entry("9")])

    actual = warehouse.ask(
        "select actor, customer_type, currency, cost_share from user_cost_monthly"
        " order by all"
    )

    assert [
        ("a", "api", "EUR", 1.0),
        ("a", "api", "USD", 0.333333),
        ("b", "api", "USD", 0.666667),
        ("b", "subscription", "USD", 1.0),
        ("c", "api", "USD", 1.0),
        ("d", "api", "USD", 1.0),
    ] == actual


def test_there_is_no_share_of_nothing(warehouse):
    """Where the whole month cost nothing, a share is NULL and no error."""
    warehouse.record(models=[entry("0")])

    actual = warehouse.ask("select estimated_cost, cost_share from user_cost_monthly")

    assert [(Decimal(0), None)] == actual


@pytest.mark.parametrize(
    ("cents", "cost"),
    [
        ("0.00000000004999", "0"),
        ("0.00000000005", "0.000000000001"),
        ("0.00000000015", "0.000000000002"),
        ("-0.00000000005", "-0.000000000001"),
        ("99999999999999.99999999989", "999999999999.999999999999"),
    ],
)
def test_money_is_rounded_once_to_twelve_places(warehouse, cents, cost):
    """Every entry is, halves away from zero, so that all marts have the same sums."""
    warehouse.record(models=[entry(cents), entry(cents)])

    for mart in ("user_cost_daily", "user_cost_monthly", "model_cost_daily"):
        actual = warehouse.ask(
            f"select estimated_cost, typeof(estimated_cost) from {mart}"
        )
        assert [(2 * Decimal(cost), "DECIMAL(38,12)")] == actual
    assert [] == check(warehouse.client)


def test_the_ledgers_money_is_rounded_like_that_of_the_marts(warehouse):
    """A day's cost has twelve places too, and so has the change of it."""
    warehouse.fetch("02 02:00", estimated_cost_cents=Decimal("0.00000000005"))
    warehouse.fetch("03 02:00", estimated_cost_cents=Decimal("-0.00000000005"))

    actual = warehouse.ask(
        "select currency, estimated_cost, estimated_cost_change from day_revisions"
    )

    small = Decimal("-0.000000000001")
    assert [("USD", small, 2 * small)] == actual


def test_a_cost_may_be_multiplied_by_a_rate(warehouse):
    """An exchange rate or a tax on the greatest cost there can be does not overflow."""
    warehouse.record(models=[entry("9" * 14)])

    actual = warehouse.ask("select estimated_cost * 1.1925 from user_cost_monthly")

    assert [(Decimal("1192499999999.988075"),)] == actual


def test_ratios_are_doubles_of_six_places(warehouse):
    """They equal those of exact arithmetic, refunds and noise alike."""
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


def test_a_rate_has_six_places(warehouse):
    """2 of 3 are 0.666667 for a user and for all."""
    warehouse.record(tools=[action("edit_tool", 2, 1)])

    for mart in ("tool_acceptance_daily", "user_tool_acceptance_daily"):
        actual = warehouse.ask(f"select acceptance_rate from {mart}")
        assert [(0.666667,)] == actual


def test_columns_are_those_promised(warehouse):
    """Names and order of the marts' columns are a public contract."""
    acceptance = ["accepted", "rejected", "proposals", "acceptance_rate"]
    who = ["actor_type", "actor"]
    tokens = ["input_tokens", "output_tokens"]
    cost = ["estimated_cost", *tokens, "cache_read_tokens", "cache_creation_tokens"]
    user = [*who, "customer_type", "currency", *cost]
    day = ["account", "organization_id", "date"]
    month = ["account", "organization_id", "month"]

    expected = {
        "tool_acceptance_daily": [*day, "tool", *acceptance],
        "user_tool_acceptance_daily": [*day, "tool", *who, *acceptance],
        "user_cost_daily": [*day, *user],
        "user_cost_monthly": [
            *[*month, *user],
            *["active_days", "cost_per_active_day", "cost_share"],
        ],
        "model_cost_daily": [
            *day,
            "model",
            "customer_type",
            "currency",
            *cost,
            "users",
        ],
    }
    for mart, columns in expected.items():
        assert columns == [name for name, *_ in warehouse.ask(f"describe {mart}")]


@pytest.mark.slow
def test_money_is_beside_its_currency(warehouse):
    """A cost has the same name in every view, and no currency in it."""
    found = {
        model.name: [name for name, *_ in warehouse.ask(f"describe {model.name}")]
        for model in models()
    }

    assert {"estimated_cost", "estimated_cost_change", *RATIOS} >= {
        name for columns in found.values() for name in columns if "cost" in name
    }
    assert {view for view in found if "estimated_cost" in found[view]} == {
        view for view in found if "currency" in found[view]
    }


def test_a_terminal_that_is_not_known_is_one_group(warehouse):
    """Empty and missing, which the API sends by turns, are the same terminal."""
    warehouse.record(terminal_type="")
    warehouse.record(terminal_type=None)
    warehouse.record(terminal_type="vscode")

    actual = warehouse.ask(
        "select terminal_type, count(*) from stg_usage group by all order by all"
    )

    assert [("unknown", 2), ("vscode", 1)] == actual


@pytest.mark.slow
def test_a_file_can_be_pasted_into_a_duckdb_shell(warehouse):
    """Each file runs as it stands, where the views are on the search path."""
    warehouse.record(models=[entry("1")], tools=[action("edit_tool", 1, 0)])

    for model in models():
        assert warehouse.ask(f"from {model.name}") == warehouse.ask(model.sql)


def test_views_say_what_their_rows_are(warehouse):
    """The grain on a file's first line is the view's comment in the warehouse."""
    actual = warehouse.ask(
        "select view_name, comment from duckdb_views()"
        " where schema_name = 'claude_code_marts'"
    )

    assert {(model.name, model.description) for model in models()} == set(actual)


def test_building_again_follows_the_raw_tables(warehouse):
    """A rebuild after each load is harmless and shows what the load brought."""
    warehouse.record()
    before = warehouse.ask("select count(*) from user_cost_daily")
    warehouse.record(date="2025-09-02")
    after = warehouse.ask("select count(*) from user_cost_daily")

    assert [(1,)] == before
    assert [(2,)] == after


def test_a_build_that_fails_leaves_the_old_views(warehouse):
    """Views change all together or not at all."""
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
    """The views lie beside the dataset they read, even if its name is a keyword."""
    with sql_client(tmp_path, dataset="order") as client:
        warehouse = Warehouse(client)
        warehouse.record(models=[entry("1")])

        actual = warehouse.ask(
            'select estimated_cost from "order_marts".user_cost_daily'
        )

        assert [(Decimal("0.01"),)] == actual
        assert [] == check(client)


def test_true_claims_have_no_failures(warehouse):
    """Ordinary usage, costless, unknown and in two currencies, breaks no claim."""
    warehouse.record(models=[entry("1"), entry("2", currency="EUR"), entry("3", None)])
    warehouse.record(tools=[action("edit_tool", 1, 0), action("write_tool", 0, 0)])
    warehouse.record(email=None, organization_id=None, customer_type=None)
    build(warehouse.client)

    assert [] == check(warehouse.client)


TWICE = "from was union all from was"
NONE = "from was where false"
MORE_COST = "select * replace (estimated_cost + 1 as estimated_cost) from was"
MORE_ACCEPTED = "select * replace (accepted + 1 as accepted) from was"
MORE_REJECTED = "select * replace (rejected + 1 as rejected) from was"
RATE_OVER_1 = "select * replace (1.5 as acceptance_rate) from was"
NO_RATE = "select * replace (null as acceptance_rate) from was"

MODEL_BREAKDOWN = "usage_report__model_breakdown"
TOOL_ACTIONS = "usage_report__tool_actions"

SPOILT_VIEWS = [
    ("no_grain_is_doubled", "tool_acceptance_daily", TWICE),
    ("no_grain_is_doubled", "user_tool_acceptance_daily", TWICE),
    ("no_grain_is_doubled", "user_cost_daily", TWICE),
    ("no_grain_is_doubled", "user_cost_monthly", TWICE),
    ("no_grain_is_doubled", "model_cost_daily", TWICE),
    ("every_user_day_is_kept", "user_cost_daily", NONE),
    ("every_user_day_is_kept", "user_cost_monthly", NONE),
    ("costs_add_up", "user_cost_daily", MORE_COST),
    ("costs_add_up", "user_cost_monthly", MORE_COST),
    ("costs_add_up", "model_cost_daily", MORE_COST),
    ("acceptances_add_up", "tool_acceptance_daily", MORE_ACCEPTED),
    ("acceptances_add_up", "tool_acceptance_daily", MORE_REJECTED),
    ("acceptances_add_up", "user_tool_acceptance_daily", MORE_ACCEPTED),
    ("acceptances_add_up", "user_tool_acceptance_daily", MORE_REJECTED),
    ("rates_lie_between_0_and_1", "tool_acceptance_daily", RATE_OVER_1),
    ("rates_lie_between_0_and_1", "user_tool_acceptance_daily", NO_RATE),
]

SPOILT_TABLES = [
    ("counts_are_not_negative", "usage_report", "core_metrics__num_sessions = -1"),
    ("counts_are_not_negative", MODEL_BREAKDOWN, "tokens__output = -1"),
    ("counts_are_not_negative", TOOL_ACTIONS, "rejected = -1"),
    ("every_child_has_its_record", "usage_report", "date = '2025-10-01'"),
    ("every_child_has_its_record", MODEL_BREAKDOWN, "account = 'x'"),
    ("every_child_has_its_record", TOOL_ACTIONS, "_dlt_parent_id = 'x'"),
]


@pytest.mark.parametrize(("claim", "view", "query"), SPOILT_VIEWS)
def test_a_view_that_breaks_a_claim_is_caught(warehouse, claim, view, query):
    """Each check sees the fault it is there for, in every view it speaks of."""
    warehouse.record(models=[entry("100")], tools=[action("edit_tool", 3, 1)])
    warehouse.spoil(view, query)

    assert claim in {failure.check for failure in check(warehouse.client)}


@pytest.mark.parametrize(("claim", "table", "change"), SPOILT_TABLES)
def test_a_table_that_breaks_a_claim_is_caught(warehouse, claim, table, change):
    """Each check sees the fault it is there for, in every table it speaks of."""
    warehouse.record(models=[entry("100")], tools=[action("edit_tool", 3, 1)])
    warehouse.ask(f"update claude_code.{table} set {change}")

    assert claim in {failure.check for failure in check(warehouse.client)}


def test_every_check_has_been_seen_to_fail():
    """A check nobody planted a fault for proves nothing."""
    planted = {claim for claim, *_ in [*SPOILT_VIEWS, *SPOILT_TABLES]}

    assert {claim.name for claim in checks()} == planted


def test_a_failure_shows_the_rows_and_counts_them(warehouse):
    """A failure says what was claimed, and shows twenty of the rows that break it."""
    for _ in range(25):
        warehouse.record(core_metrics__num_sessions=-1)
    build(warehouse.client)

    [failure] = check(warehouse.client)

    assert failure.claim == "Claim: nothing is counted below zero."
    assert failure.columns == ("relation", "account", "date", "usage_id")
    assert failure.rows[0][:2] == ("stg_usage", "default")
    assert (len(failure.rows), failure.count) == (20, 25)


def test_a_revision_says_by_how_much_a_day_moved(warehouse):
    """The running day that grew, then a restatement downwards; no change, no row."""
    sizes = {"records": 4, "num_sessions": 9, "estimated_cost_cents": Decimal(1025)}
    warehouse.fetch("01 12:00", is_final=False, records=1, num_sessions=2)
    warehouse.fetch("02 02:00", **sizes)
    warehouse.fetch("03 02:00", **sizes, is_changed=False)
    smaller = sizes | {"records": 3, "estimated_cost_cents": Decimal(1000)}
    warehouse.fetch("04 02:00", **smaller)

    found = warehouse.ask(
        "select extract(day from fetched_at), is_restatement, records_change,"
        " sessions_change, estimated_cost_change"
        " from day_revisions order by fetched_at"
    )

    grown, restated = (2, False, 3, 7, None), (4, True, -1, 0, Decimal("-0.25"))
    assert [grown, restated] == found


def test_a_fetch_that_failed_or_never_got_in_revises_nothing(warehouse):
    """Revisions compare completed fetches of completed loads only."""
    warehouse.fetch("02 02:00", records=1)
    warehouse.fetch("03 02:00", status="failed", is_changed=None)
    warehouse.fetch("04 02:00", load="cut short", records=7)
    warehouse.fetch("05 02:00", load="aborted", records=8)
    warehouse.fetch("06 02:00", records=3)

    found = warehouse.ask("select records, records_change from day_revisions")

    assert [(3, 2)] == found


def test_drift_is_what_the_last_whole_fetch_of_each_day_met(warehouse):
    """First and last day, records and an example; what was restated away is gone."""
    warehouse.fetch("02 02:00")
    warehouse.unknown("02 02:00", "novelty", 9)
    warehouse.unknown("02 02:00", "withdrawn", 9)
    warehouse.fetch("03 02:00")
    warehouse.unknown("03 02:00", "novelty", 2)
    warehouse.fetch("04 02:00", load="cut short")
    warehouse.unknown("04 02:00", "never in", 1)
    warehouse.fetch("04 03:00", date="2025-09-03")
    warehouse.unknown("04 03:00", "novelty", 3, date="2025-09-03")

    found = warehouse.ask(
        "select kind, name, day(first_seen_date), day(last_seen_date), records, example"
        " from contract_drift"
    )

    assert [("field", "novelty", 1, 3, 5, "7")] == found


def test_loads_are_in_order_however_wrong_a_clock_was(warehouse):
    """What the later load found counts, not what a clock that was ahead dates later."""
    warehouse.fetch("02 02:00", records=1)
    warehouse.fetch("09 02:00", load_number=1, records=2)
    warehouse.unknown("09 02:00", "from a clock that was ahead", 1)
    warehouse.fetch("03 02:00", load_number=2, records=5)
    warehouse.unknown("03 02:00", "from the last load", 1)

    revisions = warehouse.ask(
        "select records, records_change, day(previous_fetched_at) from day_revisions"
        " order by 1"
    )
    drift = warehouse.ask("select name from contract_drift")

    assert [(2, 1, 2), (5, 3, 9)] == revisions
    assert [("from the last load",)] == drift


def test_the_example_is_that_of_the_last_day(warehouse):
    """Which text is the greatest depends on the collation; the last day does not."""
    for day, example in (("01", "b"), ("02", "B"), ("03", "a")):
        warehouse.fetch(f"{day} 02:00", date=f"2025-09-{day}")
        warehouse.unknown(
            f"{day} 02:00", "novelty", 1, date=f"2025-09-{day}", example=example
        )

    assert [("a", 3)] == warehouse.ask("select example, records from contract_drift")


def test_each_model_is_listed_from_its_first_day_on(warehouse):
    """The contract names no models, so every one is news once."""
    warehouse.record(models=[entry("1", model="new"), entry("1", model="new")])
    warehouse.record(models=[entry("1", model="new")], date="2025-09-04")

    found = warehouse.ask(
        "select kind, name, day(first_seen_date), day(last_seen_date), records"
        " from contract_drift"
    )

    assert [("model", "new", 1, 4, 2)] == found
