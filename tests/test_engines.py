"""Views give the same rows in every engine, to the last digit."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import pytest
import sqlglot
from hypothesis import HealthCheck, Phase, given, settings

from anthropic_admin_api.fake.organisation import usage
from api import record
from ccwarehouse.demo import queries
from histories import Load, damaged, files, histories, stored_after
from pages import blocks
from ratios import Ratio
from soak import IS_SOAK, sample


@pytest.fixture(scope="module")
def engines(duckdb_engine, postgres_engine, googlesql_engine):
    """DuckDB, Postgres with an English collation, and GoogleSQL's executor."""
    return [duckdb_engine, postgres_engine, googlesql_engine]


def tried(examples):
    """The same examples in every test run, different ones in every soak."""
    return settings(
        max_examples=examples,
        derandomize=not IS_SOAK,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # an example here takes a second
        suppress_health_check=list(HealthCheck),
    )


def assert_one_truth(engines, rows):
    first, *others = engines
    for engine in engines:
        engine.fill(rows)
    expected = first.answers()
    for other in others:
        actual = other.answers()
        for name in expected:
            assert (name, expected[name]) == (name, actual[name])
    return expected


def test_the_demo_is_the_same_in_every_engine(engines):
    """Every view and check on a restated month's end of the made-up organisation."""
    days = [dt.date(2026, 1, 30), dt.date(2026, 1, 31), dt.date(2026, 2, 1)]
    early = Load("default", {day: usage(day)[:40] for day in days})
    late = Load("default", {days[1]: usage(days[1])[20:60]})

    answers = assert_one_truth(engines, stored_after([early, late]).rows())

    assert 1 == answers["day_revisions"].rows.total()


@tried(sample(4, 500))
@given(histories)
def test_nasty_histories_are_the_same_in_every_engine(engines, history):
    """Nulls, duplicates, odd letters, currencies, refunds, failures, restated days."""
    assert_one_truth(engines, stored_after(history).rows())


@tried(sample(2, 200))
@given(histories, files())
def test_teams_and_budgets_are_the_same_in_every_engine(engines, history, files):
    """Moves, keys, odd names and small groups; the checks find no fault."""
    answers = assert_one_truth(engines, stored_after(history).rows() | files)

    for claim in ("team_costs", "team_acceptances", "team_members", "budgets"):
        assert not answers[f"{claim}_add_up"].rows


@tried(sample(2, 200))
@given(histories)
def test_damage_is_the_same_in_every_engine(engines, history):
    """Rows without their record keep their costs, and the checks report them."""
    assert_one_truth(engines, damaged(stored_after(history)).rows())


def test_sums_of_the_greatest_costs_fit_into_every_engine(engines):
    """Costs up to 10^12 of a currency can be stored, and sums of many of them fit."""
    most = [{**usage(dt.date(2026, 1, 30))[0], "model_breakdown": [costly("9" * 14)]}]
    days = {dt.date(2024, 2, day): most for day in (27, 28, 29)}

    answers = assert_one_truth(engines, stored_after([Load("default", days)]).rows())

    columns, rows = answers["user_cost_monthly"]
    position = [name for name, _ in columns].index("estimated_cost")
    assert [Decimal("2999999999999.97")] == [row[position][1] for row in rows]
    assert not answers["costs_add_up"].rows


def test_money_has_twelve_places_by_its_type(engines):
    """The type of money columns has twelve decimal places."""
    money = """
        select table_name, column_name, numeric_precision, numeric_scale
        from information_schema.columns
        where table_schema = 'claude_code_marts'
            and (column_name like 'estimated_cost%' or column_name like 'cost%days')
    """
    duckdb, postgres, _ = engines

    expected = sorted(duckdb.client.execute_sql(money))

    assert expected
    assert {(38, 12)} == {column[2:] for column in expected}
    assert expected == sorted(postgres.client.execute_sql(money))


def costly(cents, currency="USD"):
    return {"model": "m", "estimated_cost": {"currency": currency, "amount": cents}}


def quiet(*without, **fields):
    return record(*without, **{"tool_actions": {}, **fields})


# Without proposals, customer type, currency or cost, and with two currencies. The last
# two records are of one user in two terminals.
AWKWARD = [
    record(
        tool_actions={
            "edit_tool": {"accepted": 0, "rejected": 0},
            "write_tool": {"accepted": 2, "rejected": 1},
        }
    ),
    quiet("customer_type", model_breakdown=[costly(7), costly(9, "EUR")]),
    quiet(model_breakdown=[costly(5, None), costly(None), costly(None, None)]),
    quiet(model_breakdown=[]),
    *(
        quiet(
            actor={"api_key_name": "key"},
            terminal_type=terminal,
            model_breakdown=[costly(100), costly(300, "EUR")],
        )
        for terminal in (None, "")
    ),
]


@pytest.fixture(scope="module")
def awkward(engines):
    """Every engine with awkward data for the queries that people copy."""
    rows = stored_after([Load("default", {dt.date(2025, 9, 1): AWKWARD})]).rows()
    assert_one_truth(engines, rows)
    return engines


READMES = [sql.strip(" \n;") for sql in blocks("sql") if "create role" not in sql]
DEMOS = [
    sql.format(marts="claude_code_marts").replace("%s", "date '2025-09-01'")
    for sql in (
        queries.ACCEPTANCE_BY_TOOL,
        queries.COST_BY_TEAM,
        queries.COSTLIEST_USERS,
        queries.UNUSUAL_DAY,
        queries.STOPPED,
        queries.NEW,
    )
]


@pytest.mark.parametrize("sql", [*READMES, *DEMOS])
def test_queries_that_people_copy_survive_awkward_data(awkward, sql):
    """They never divide by zero, and give the same rows unchanged in every engine."""
    expected, *others = (values(engine.ask(sql)) for engine in awkward)

    for actual in others:
        assert expected == actual


@pytest.mark.parametrize("sql", [READMES[1], DEMOS[0]])
def test_a_tool_that_proposed_nothing_has_no_rate(awkward, sql):
    """0 of 0 is NULL: neither an error nor NaN."""
    for engine in awkward:
        rates = {tool: rest[-1] for tool, *rest in engine.ask(sql)}
        assert rates["edit_tool"] is None


def test_sessions_beside_costs_double_no_money(awkward):
    """A user of two terminals costs what the mart says, in each of two currencies."""
    [sql] = [sql for sql in READMES if "user_daily" in sql]
    costs = (
        "select currency, sum(estimated_cost) from {} where actor = 'key' group by 1"
    )
    wanted = costs.format("claude_code_marts.user_cost_daily")

    for engine in awkward:
        actual = engine.ask(costs.format(f"({sql}) as answer"))
        assert [("EUR", 6), ("USD", 2)] == sorted(actual)
        assert sorted(engine.ask(wanted)) == sorted(actual)


@pytest.mark.parametrize("sql", [*READMES, *DEMOS])
def test_money_in_a_query_is_beside_its_currency(sql):
    """No query adds up two currencies."""
    named = {*sqlglot.parse_one(sql, read="duckdb").named_selects}

    assert bool(named & {"estimated_cost", "spent"}) == ("currency" in named)


def values(rows):
    """A bag of rows that compares numbers regardless of their types."""
    return Counter(
        tuple(
            Ratio(cell) if isinstance(cell, int | float | Decimal) else cell
            for cell in row
        )
        for row in rows
    )
