"""The SQL files: their rules, their order, and their translations."""

import re

import pytest
import sqlglot
from sqlglot import exp

from claude_code_marts import Model, ModelError, checks, models, render
from claude_code_marts.models import in_build_order

EVERY_CHECK = [pytest.param(check, id=check.name) for check in checks(further=True)]
EVERY_MODEL = [pytest.param(model, id=model.name) for model in models(further=True)]
EVERY_FILE = [*EVERY_MODEL, *EVERY_CHECK]


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_the_first_line_of_a_check_states_its_claim(check):
    """People read this line when the claim does not hold."""
    assert check.sql.startswith("-- Claim: ")


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_the_first_line_of_a_view_states_its_grain_in_columns(model):
    """The grain names columns of the view."""
    assert model.grain
    assert {*model.grain} <= model.columns.keys()


WHOLENESS = {"days_complete", "days_missing", "days_provisional", "is_complete"}


def test_every_monthly_mart_says_how_much_of_its_months_is_in():
    """All but the roster: it names members, whatever days are loaded."""
    monthly = {
        view.name: view.columns.keys()
        for view in models(further=True)
        if view.layer == "marts" and "month" in view.grain
    }

    assert {"team_members_monthly"} == {
        name for name, columns in monthly.items() if not columns >= WHOLENESS
    }


@pytest.mark.parametrize("first_line", ["One row per user", "All users.", ""])
def test_a_view_without_a_grain_is_named(first_line):
    """Without a grain there would be no check of it."""
    with pytest.raises(ModelError, match=r"marts/odd\.sql: the first line"):
        _ = Model("marts/odd.sql", f"-- {first_line}\nselect 1 as user").grain


def test_columns_are_described_in_the_head_of_a_file():
    """Each has a line after the first one; later comments do not count."""
    head = (
        "-- One row per day.\n--\n-- day: UTC day: a date.\n-- users: Users (count).\n"
    )
    model = Model("marts/m.sql", head + "select 1 as day, -- users: two\n2 as users\n")

    expected = {"day": "UTC day: a date.", "users": "Users (count)."}
    assert expected == model.columns


@pytest.mark.parametrize("line", ["-- too long", "-- day: Again."])
def test_what_describes_no_column_is_named(line):
    """A line that is not a description, or repeats one, is an error."""
    model = Model("marts/odd.sql", f"-- One row per day.\n-- day: UTC day,\n{line}\n")

    with pytest.raises(ModelError, match=rf'marts/odd\.sql: "{line}"'):
        _ = model.columns


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_only_staging_reads_raw_tables(model):
    """Marts read staging and other marts, never raw tables."""
    raw = {name for name in model.reads if name.startswith("claude_code.")}

    assert model.layer == "staging" or raw == set()


def test_a_model_is_built_after_those_it_reads():
    """Every view is built after the views that it selects from."""
    built = set()

    for model in models(further=True):
        assert {name for name in model.reads if "." not in name} <= built
        built.add(model.name)


def test_the_order_comes_from_the_sql():
    """The order depends on what is read, not on names."""
    first = Model("staging/z.sql", "select * from claude_code.usage_report")
    second = Model("marts/m.sql", "with a as (select * from z) select * from a")
    third = Model("marts/cost/a.sql", "select * from m join z using (account)")

    assert [first, second, third] == in_build_order([third, second, first])


def test_models_that_read_each_other_are_named():
    """A cycle is an error that names its members."""
    one = Model("marts/one.sql", "select * from two")
    two = Model("marts/two.sql", "select * from one")

    with pytest.raises(ModelError, match=r"one <- two|two <- one"):
        in_build_order([one, two])


def test_two_files_of_one_name_are_named():
    """Folders do not distinguish relations."""
    one = Model("marts/cost/users.sql", "select 1 as users")
    two = Model("marts/adoption/users.sql", "select 2 as users")

    with pytest.raises(ModelError, match=r"cost/users\.sql and .*adoption/users\.sql"):
        in_build_order([one, two])


@pytest.mark.parametrize("relation", ["stg_usgae", "elsewhere.lost"])
def test_an_unknown_relation_is_named(relation):
    """A misspelt name, or one of another dataset, is an error that names the file."""
    lost = Model("marts/lost.sql", f"select * from {relation}")

    with pytest.raises(ModelError, match=rf"marts/lost\.sql reads {relation}"):
        in_build_order([lost])


@pytest.mark.parametrize("sql", ["select from where", "drop view stg_usage"])
def test_what_is_no_query_is_refused(sql):
    """A file that does not parse, or is not a select, is named."""
    with pytest.raises(ModelError, match=r"marts/odd\.sql"):
        in_build_order([Model("marts/odd.sql", sql)])


def test_relations_are_qualified_and_ctes_are_not():
    """Raw tables and models get their dataset and keep their alias."""
    model = Model(
        "marts/m.sql",
        "with mine as (select * from claude_code.usage_report) "
        "select * from mine join stg_usage as theirs using (account)",
    )

    rendered = render(model, "bigquery", raw="`a-b`.`raw`", marts="`a-b`.`marts`")

    expected = (
        "WITH mine AS (SELECT * FROM `a-b`.`raw`.usage_report) "
        "SELECT * FROM mine JOIN `a-b`.`marts`.stg_usage AS theirs USING (account)"
    )
    assert expected == re.sub(r"\s+", " ", rendered).replace("( ", "(").replace(
        " )", ")"
    )


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "spark"])
@pytest.mark.parametrize("model", EVERY_FILE)
def test_every_file_is_a_query_in_every_dialect(model, dialect):
    """The rendered SQL parses in its dialect."""
    rendered = render(model, dialect)

    assert len(sqlglot.parse(rendered, read=dialect)) == 1


RATIOS = {
    *("acceptance_rate", "retention_rate", "stickiness", "workday_stickiness"),
    *("cost_share", "cache_read_share"),
    *("cost_per_active_day", "blended_cost_per_million_output"),
    "acceptance_rate",
    "active_share",
    "cost_coverage",
    "cost_per_accepted",
    "cost_per_active_day",
    "cost_per_active_user",
    "cost_per_commit",
    "cost_per_pull_request",
    "cost_per_session",
    "cost_per_thousand_lines",
    "cost_share",
    "coverage",
    "forecast_share",
    "score",
    "share_spent",
}

# Doubles that no view has as a column: one is rounded to thousandths to be compared,
# and the other is a price only if the cost comes of it again.
INNER = {"share_paid", "quotient"}


def counts_days(quotient):
    """Whether sqlglot divides seconds of two dates, as it does for Postgres."""
    return (
        isinstance(quotient.this, exp.Extract) and "86400" == quotient.expression.sql()
    )


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "spark"])
@pytest.mark.parametrize("model", EVERY_FILE)
def test_money_is_never_a_float(model, dialect):
    """Only ratios have quotients and casts to doubles."""
    query = sqlglot.parse_one(render(model, dialect), read=dialect)
    doubles = {
        found.find_ancestor(exp.Alias).alias
        for found in query.find_all(exp.Div, exp.DataType)
        if (isinstance(found, exp.Div) and not counts_days(found))
        or found.is_type(*exp.DataType.FLOAT_TYPES)
    }

    assert doubles <= RATIOS | INNER


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_bigquery_keeps_every_decimal_place(model):
    """NUMERIC has nine places, too few for costs: every decimal is a BIGNUMERIC."""
    rendered = render(model, "bigquery")

    assert [] == re.findall(r"\b(?:NUMERIC|DECIMAL)\b", rendered)
