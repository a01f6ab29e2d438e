"""The SQL for BigQuery: valid in Google's analyzer, right in its executor."""

import re
from datetime import date
from decimal import Decimal

import pytest
import sqlglot
from dlt.common.data_writers.escape import escape_bigquery_literal
from sqlglot import exp

from api import rows_of
from ccwarehouse.report import queries
from ccwarehouse.warehouses.views import creation as creation_of_view
from claude_code_analytics import CLAUDE_CODE
from claude_code_marts import checks, models, render
from googlesql import InvalidSqlError
from googlesql_load import (
    DATASET,
    MARTS,
    PROJECT,
    RAW,
    bigquery,
    creations,
    further_creations,
    input_creations,
    merges,
    package_of,
)
from loads import record
from test_models import RATIOS

TABLES = CLAUDE_CODE.all_tables
DATA_TABLES = [table.name for table in CLAUDE_CODE.tables]

EVERY_CHECK = [pytest.param(check, id=check.name) for check in checks(further=True)]
EVERY_MODEL = [pytest.param(model, id=model.name) for model in models(further=True)]


def rendered(model):
    return render(model, "bigquery", raw=RAW, marts=MARTS)


@pytest.fixture(scope="module")
def first_load(tmp_path_factory):
    """dlt's client for a load that creates all tables."""
    folder = tmp_path_factory.mktemp("first_load")
    return bigquery(package_of({"2025-09-01": []}, first=True), folder)


@pytest.fixture(scope="module")
def warehouse(googlesql, first_load, tmp_path_factory):
    """GoogleSQL with all tables as dlt makes them, empty, and all views over them."""
    of_inputs = input_creations(tmp_path_factory.mktemp("inputs"))
    of_others = further_creations(tmp_path_factory.mktemp("further"))
    for creation in (*creations(first_load), *of_inputs, *of_others):
        googlesql.create(creation)
    for view in models(further=True):
        path = (PROJECT, f"{DATASET}_marts", view.name)
        googlesql.put(path, googlesql.query(rendered(view)))
    return googlesql


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        ("select cost from {raw}.usage_report", "Unrecognized name: cost"),
        ("select * from {raw}.usage", "Table not found"),
        ("select 1 from {raw}.usage_report where date = 'x'", "Could not cast"),
        ("select account from {raw}.usage_report except select 'a'", "EXCEPT must be"),
        ("select cast(1 as numeric(38, 2))", "P must be between"),
        ("select sum(date) from {raw}.usage_report", "No matching signature"),
        ("create view {raw}.v options(descripton='x') as select 1 as a", "Unknown opt"),
        ("create view {raw}.v (a options(descr='x')) as select 1 as a", "Unknown opt"),
    ],
)
def test_what_is_no_googlesql_is_refused(warehouse, sql, reason):
    """The analyzer refuses wrong names, types, words and options."""
    with pytest.raises(InvalidSqlError, match=reason):
        warehouse.analyze(sql.format(raw=RAW))


@pytest.mark.parametrize("model", EVERY_MODEL)
def test_every_view_is_valid(warehouse, first_load, model):
    """The exact statement that creates it, with its description."""
    [creation] = creation_of_view(first_load.sql_client, model)

    assert f"{MARTS}.`{model.name}` (\n" in creation
    assert 1 + len(model.columns) == creation.count(" options (description = ")
    assert rendered(model) in creation
    assert "CreateViewStmtProto" == warehouse.analyze(creation)


@pytest.mark.parametrize("check", EVERY_CHECK)
def test_every_check_is_valid(warehouse, check):
    """A check runs, and finds no fault in an empty warehouse."""
    assert [] == warehouse.query(rendered(check)).rows


def test_money_is_bignumeric_and_ratios_are_float64(warehouse):
    """No cost is a NUMERIC (nine places) or a double; ratios are doubles."""
    kinds = {
        name: kind
        for view in models()
        for name, kind in warehouse.query(f"select * from {MARTS}.{view.name}").columns
    }

    costs = {kinds[name] for name in kinds if "estimated_cost" in name}
    counts = {kinds[name] for name in kinds if name.endswith("tokens")}
    ratios = {kinds[name] for name in RATIOS}
    assert ({"BIGNUMERIC"}, {"INT64"}, {"FLOAT64"}) == (costs, counts, ratios)


def test_every_digit_comes_through_the_executor(warehouse):
    """The least and greatest decimals, doubles, dates and times are read exactly."""
    found = warehouse.query(
        "select bignumeric '-12345678901234.123456789012345678901234' as cents,"
        " 1 / 3 as rate, date '0001-01-01' as day, 9223372036854775807 as most,"
        " timestamp '2025-09-01 00:00:00.000001+00' as moment, 'é' as name, true as yes"
    )

    [(cents, rate, day, most, moment, name, yes)] = found.rows
    assert Decimal("-12345678901234.123456789012345678901234") == cents
    assert (1 / 3, date(1, 1, 1), 2**63 - 1) == (rate, day, most)
    assert ("2025-09-01T00:00:00.000001+00:00", "é", True) == (
        moment.isoformat(),
        name,
        yes,
    )


@pytest.mark.parametrize("table", DATA_TABLES)
def test_tables_are_created_with_their_days_as_partitions(warehouse, first_load, table):
    """Days are partitions, columns have units, and GoogleSQL accepts the statement."""
    [stored, staged] = [
        creation for creation in creations(first_load) if f".`{table}` (" in creation
    ]

    assert "CreateTableStmtProto" == warehouse.analyze(stored)
    assert "CreateTableStmtProto" == warehouse.analyze(staged)
    assert re.search(r"^PARTITION BY `date`$", stored, flags=re.MULTILINE)
    for description in TABLES[table].descriptions.values():
        assert escape_bigquery_literal(description) in stored


STORED = ["2025-08-31", *[f"2025-09-0{day}" for day in range(1, 8)], "2025-10-01"]
NEW = {
    "2025-09-01": [record("2025-09-01", "fewer@example.com")],
    "2025-09-02": [record("2025-09-02", f"{name}@example.com") for name in "abc"],
    "2025-09-05": [],
}


@pytest.fixture(scope="module")
def replacement(tmp_path_factory):
    """A load where one day has fewer records, one has more, and one has none."""
    client = bigquery(package_of(NEW), tmp_path_factory.mktemp("merge"))
    return rows_of(package_of(NEW)), merges(client)


def test_every_statement_of_a_merge_is_valid(warehouse, replacement):
    """Each table gets a DELETE and an INSERT."""
    _, statements = replacement

    kinds = [warehouse.analyze(statement) for statement in statements]

    assert ["DeleteStmtProto", "InsertStmtProto"] * len(DATA_TABLES) == kinds


def test_a_merge_reads_and_deletes_the_partitions_of_its_days_alone(replacement):
    """Its dates are literals, so BigQuery prunes; it reads the staged rows."""
    _, statements = replacement

    scope = (
        "account = 'default' AND (date BETWEEN DATE '2025-09-01' AND DATE '2025-09-02'"
        " OR date BETWEEN DATE '2025-09-05' AND DATE '2025-09-05');"
    )
    for delete, insert in zip(statements[::2], statements[1::2], strict=True):
        source = sqlglot.parse_one(insert, read="bigquery").expression
        read = {table.db for table in source.find_all(exp.Table)}
        assert scope == delete.partition(" WHERE ")[2]
        assert {f"{DATASET}_staging"} == read


@pytest.mark.parametrize("table", DATA_TABLES)
def test_a_merge_replaces_exactly_the_days_in_scope(warehouse, replacement, table):
    """Executed: other days and accounts stay, an emptied day is empty."""
    rows, statements = replacement
    stored = [
        {"account": account, "date": day, "_dlt_id": f"{account} {day} {number}"}
        for account in ("default", "other")
        for day in STORED
        for number in range(2)
    ]
    fill(warehouse, DATASET, table, stored)
    staged = rows[table]
    fill(warehouse, f"{DATASET}_staging", table, staged)

    delete, insert = [text for text in statements if f".`{table}` WHERE" in text]
    gone = set(warehouse.delete(delete))
    left = [row["_dlt_id"] for row in stored if row["_dlt_id"] not in gone]
    come = [row[-1] for row in warehouse.query(source_of(insert)).rows]

    kept = [
        row["_dlt_id"]
        for row in stored
        if row["account"] == "other" or row["date"] not in NEW
    ]
    assert kept == left
    assert sorted(row["_dlt_id"] for row in staged) == sorted(come)


def fill(warehouse, dataset, table, rows):
    warehouse.fill((PROJECT, dataset, table), rows)


def source_of(insert):
    """The query of an INSERT, checked for the order of its columns."""
    tree = sqlglot.parse_one(insert, read="bigquery")
    assert [
        column.name for column in tree.this.expressions
    ] == tree.expression.named_selects
    return tree.expression.select("_dlt_id").sql("bigquery")


class Paths(dict):
    """The path of each view by its name, and what else a query of the report names."""

    def __missing__(self, name):
        return f"{MARTS}.`{name}`"


@pytest.mark.parametrize("name", [name for name in vars(queries) if name.isupper()])
def test_the_queries_of_the_report_are_valid(warehouse, name):
    """With one currency and with several; no row is asked for."""
    if name == "OF_DAY":  # a part of another one
        return
    days = "date between date '2026-11-01' and date '2026-11-22'"
    conditions = dict.fromkeys(("now", "shown", "visits", "recent", "earlier"), days)
    dates = dict.fromkeys(("month", "cohorts", "last"), "2026-11-01")
    for greatest, of_day in (("", ""), ("max", queries.OF_DAY)):
        words = conditions | dates | {"before": "1 = 0", "most": "15"}
        words |= {"greatest": greatest, "of_day": of_day}
        query = getattr(queries, name).format_map(Paths(words))

        assert [] == warehouse.query(query.replace("%s", "'default'")).rows or (
            name
            in ("PEOPLE", "TEAM_NAMES", "WEEKEND")  # which count, or have a default
        )
