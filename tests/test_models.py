"""The SQL files: their rules, their order, and what other dialects make of them."""

import re

import pytest
import sqlglot
from sqlglot import exp

from claude_code_marts import Model, ModelError, checks, models, render
from claude_code_marts.models import in_build_order, reads

EVERY_FILE = [pytest.param(model, id=model.name) for model in [*models(), *checks()]]
EVERY_MODEL = [pytest.param(model, id=model.name) for model in models()]


@pytest.mark.parametrize("model", EVERY_FILE)
def test_the_first_line_states_the_grain_or_the_claim(model):
    """A view opens with its grain and a check with its claim."""
    opening = "-- Claim: " if model.layer == "checks" else "-- One row per "

    assert model.sql.startswith(opening)


@pytest.mark.parametrize("model", EVERY_FILE)
def test_the_last_line_selects_the_last_thought(model):
    """A file ends in `select * from` its last CTE, so each step can be looked at."""
    last = re.findall(r"^(\w+) as \($", model.sql, flags=re.MULTILINE)[-1]

    assert model.sql.endswith(f"\nselect * from {last}\n")


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_only_staging_reads_raw_tables(model):
    """A mart stands on staging and other marts, never on the source's tables."""
    raw = {name for name in reads(model) if name.startswith("claude_code.")}

    assert model.layer == "staging" or raw == set()


def test_a_model_is_built_after_those_it_reads():
    """The order given is one in which every view finds what it selects from."""
    built = set()

    for model in models():
        assert {name for name in reads(model) if "." not in name} <= built
        built.add(model.name)


def test_the_order_comes_from_the_sql():
    """Names and the order of reading do not decide, what is read does."""
    first = Model("z", "staging", "select * from claude_code.usage_report")
    second = Model("m", "marts", "with a as (select * from z) select * from a")
    third = Model("a", "marts", "select * from m join z using (account)")

    assert [first, second, third] == in_build_order([third, second, first])


def test_models_that_read_each_other_are_named():
    """A cycle is an error that names who is in it."""
    one = Model("one", "marts", "select * from two")
    two = Model("two", "marts", "select * from one")

    with pytest.raises(ModelError, match=r"one <- two|two <- one"):
        in_build_order([one, two])


@pytest.mark.parametrize("relation", ["stg_usgae", "elsewhere.lost"])
def test_an_unknown_relation_is_named(relation):
    """A misspelt name, or one of another dataset, is an error that names its file."""
    lost = Model("lost", "marts", f"select * from {relation}")

    with pytest.raises(ModelError, match=rf"marts/lost\.sql reads {relation}"):
        in_build_order([lost])


@pytest.mark.parametrize("sql", ["select from where", "drop view stg_usage"])
def test_what_is_no_query_is_refused(sql):
    """A file that does not parse, or does anything but select, is named."""
    with pytest.raises(ModelError, match=r"marts/odd\.sql"):
        in_build_order([Model("odd", "marts", sql)])


def test_relations_are_qualified_and_ctes_are_not():
    """Raw tables and models get their dataset, and keep the alias they had."""
    model = Model(
        "m",
        "marts",
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
    """What is rendered parses again in the dialect it was rendered for."""
    rendered = render(model, dialect)

    assert len(sqlglot.parse(rendered, read=dialect)) == 1


RATIOS = {"acceptance_rate", "cost_per_active_day", "cost_share"}


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "spark"])
@pytest.mark.parametrize("model", EVERY_FILE)
def test_money_is_never_a_float(model, dialect):
    """Quotients, and casts to doubles, are found in ratios alone."""
    query = sqlglot.parse_one(render(model, dialect), read=dialect)
    doubles = {
        found.find_ancestor(exp.Alias).alias
        for found in query.find_all(exp.Div, exp.DataType)
        if isinstance(found, exp.Div) or found.is_type(*exp.DataType.FLOAT_TYPES)
    }

    assert doubles <= RATIOS


@pytest.mark.parametrize("function", ["lower", "upper", "initcap", "sign"])
@pytest.mark.parametrize("model", EVERY_FILE)
def test_nothing_is_called_that_engines_disagree_about(model, function):
    """Case beyond ASCII is each engine's own, and Spark's sign() is a double.

    That lower() changes nothing may be asked, as long as nothing else follows from it.
    """
    sql = re.sub(r"lower\((\w+)\) = \1\b", "", model.sql)

    assert [] == re.findall(rf"\b{function}\((?!\))", sql)


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_bigquery_keeps_every_decimal_place(model):
    """NUMERIC holds nine places and cents need eighteen: every decimal is wide."""
    rendered = render(model, "bigquery")

    assert [] == re.findall(r"\b(?:NUMERIC|DECIMAL)\b", rendered)
