"""`dbt-sources`: what dbt is told is what the warehouse has.

`make test-more` runs dbt itself.
"""

import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ccwarehouse.cli import main
from ccwarehouse.reports import usual_tables
from ccwarehouse.warehouses.duckdb_file import catalog_name
from ccwarehouse.warehouses.engines import DIALECTS
from claude_code_marts import models
from loads import History, load_from, query, record, served

DAY = "2026-03-09"
# Tables that dlt, stored marts and the dataset keep for themselves.
INTERNAL = ("_dlt_", "stored_", "dataset_facts")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A file with a day, which no test changes."""
    database = tmp_path_factory.mktemp("loaded") / "usage.duckdb"
    with served(History({DAY: [record(DAY)]})) as api:
        load_from(api, database, DAY, DAY, views=True)
    return database


def run(*words):
    return CliRunner().invoke(main, ["dbt-sources", *map(str, words)])


def told(*words):
    """The sources by name, as YAML has them."""
    done = run(*words)
    assert (0, "") == (done.exit_code, done.stderr)
    return {entry["name"]: entry for entry in yaml.safe_load(done.stdout)["sources"]}


def described(sources):
    """The description of every table and column, by schema, table and column."""
    found = {}
    for source in sources.values():
        for table in source["tables"]:
            key = (source["schema"], table["name"])
            found[*key, None] = table["description"]
            for column in table["columns"]:
                found[*key, column["name"]] = column["description"]
    return found


COMMENTS = """
    select schema_name, table_name, null, comment from duckdb_tables()
    union all
    select schema_name, view_name, null, comment from duckdb_views() where not internal
    union all
    select schema_name, table_name, column_name, comment from duckdb_columns()
    where not internal
"""


def test_every_table_and_column_is_told_with_the_warehouses_description(loaded):
    """All tables and views of a loaded file, and nothing else."""
    stored = {
        (schema, relation, column): text
        for schema, relation, column, text in query(loaded, COMMENTS)
        if schema.startswith("claude_code")
        and not schema.endswith("_staging")
        and not relation.startswith(INTERNAL)
    }

    assert len(stored) > 300
    assert stored == described(told("--database", loaded))


def test_columns_come_in_the_warehouses_order():
    """As `select *` has those of a view."""
    views = {table["name"]: table for table in told()["claude_code_marts"]["tables"]}

    for view in models():
        columns = [column["name"] for column in views[view.name]["columns"]]
        assert [*view.columns] == columns


def data_tests(entry):
    """The tests of a table or column: the name of each, and its arguments."""
    tests = [
        (test, {}) if isinstance(test, str) else next(iter(test.items()))
        for test in entry.get("data_tests", [])
    ]
    return {name: given.get("arguments", {}) for name, given in tests}


def test_every_view_is_tested_for_its_grain_where_nulls_are_values(loaded):
    """The expression is one that DuckDB counts rows by, null or not."""
    for table in told("--database", loaded)["claude_code_marts"]["tables"]:
        value = data_tests(table)["unique"]["column_name"]
        path = f"claude_code_marts.{table['name']}"
        lost = query(loaded, f"select count(*) from {path} where {value} is null")
        assert [(0,)] == lost


# Pairs of texts of which no two are equal, though some look so once they are joined.
PAIRS = [
    (None, None),
    (None, "a"),
    ("a", None),
    ("", "a"),
    ("", ""),
    ("NULL", "a"),
    ("null", "a"),
    ("a, b", "c"),
    ("a", "b, c"),
    ("(a", "b)"),
    ('"a"', "b"),
    ('a"', '"b'),
    ("a", "b"),
]


def test_two_grains_are_one_value_only_where_they_are_equal(
    duckdb_engine, postgres_engine, googlesql_engine
):
    """In each engine, also where texts look like nulls, commas and quotes."""
    engines = {
        "duckdb": duckdb_engine,
        "postgres": postgres_engine,
        "bigquery": googlesql_engine,
    }
    twice = " union all ".join(f"select {x} as x, {y} as y" for x, y in literals() * 2)

    for dialect, engine in engines.items():
        value = DIALECTS[dialect].as_one_value(["x", "y"])
        (counts,) = engine.ask(
            f"select count(distinct {value}), count({value}) from ({twice}) as given"
        )
        assert (len(PAIRS), 2 * len(PAIRS)) == tuple(map(int, counts))


def literals():
    """The pairs in SQL that each engine reads alike."""
    no_text = "nullif('x', 'x')"
    return [
        tuple(no_text if text is None else f"'{text}'" for text in pair)
        for pair in PAIRS
    ]


def test_children_are_tested_to_have_their_record():
    """A relationship for every table with a parent, to the records' ids."""
    tables = told("--dataset", "team-a")["team_a"]["tables"]
    related = {
        table["name"]: data_tests(column)["relationships"]
        for table in tables
        for column in table["columns"]
        if column["name"] == "_dlt_parent_id"
    }

    to = {"to": "source('team_a', 'usage_report')", "field": "_dlt_id"}
    assert {
        "usage_report__model_breakdown": to,
        "usage_report__tool_actions": to,
    } == related


def test_freshness_is_that_of_the_last_complete_fetch():
    """Errors after as many hours as `status` accepts."""
    tables = {table["name"]: table for table in told()["claude_code"]["tables"]}
    (fresh,) = [table for table in tables.values() if "config" in table]

    assert "day_fetches" == fresh["name"]
    assert "fetched_at" == fresh["config"]["loaded_at_field"]
    assert "status = 'complete'" == fresh["config"]["freshness"]["filter"]
    status = next(c for c in fresh["columns"] if c["name"] == "status")
    assert {"accepted_values": {"values": ["complete", "failed"]}} == data_tests(status)


def test_a_test_of_dbt_has_a_name_of_its_own():
    """Also those of two datasets in one project."""
    names = [
        test["unique"]["name"]
        for dataset in ("one", "two")
        for source in told("--dataset", dataset).values()
        for table in source["tables"]
        for test in table.get("data_tests", [])
    ]

    assert len(names) == len({*names}) > 2 * len(models())


@pytest.mark.parametrize("dataset", ["yes", "null", "1e5", "2026", "Team-A", "{{ x }}"])
@pytest.mark.parametrize("file", ["no", "main", "a.b", "3", "a: b #c", "é"])
def test_odd_names_stay_names(dataset, file):
    """YAML gives back the names of the dataset and of DuckDB's database, as text."""
    database = f"{file}.duckdb"
    sources = told("--dataset", dataset, "--database", database)
    name, marts = sources

    assert f"{name}_marts" == marts
    assert re.fullmatch("[a-z0-9_]+", name)
    for source in sources.values():
        assert source["name"] == source["schema"]
        assert catalog_name(Path(database)) == source["database"]


def test_dbt_finds_no_jinja_in_a_description():
    """dbt renders descriptions; braces would be taken for its own."""
    assert [] == [
        text for text in described(told()).values() if re.search("{[{%#]", text)
    ]


@pytest.mark.parametrize(
    ("destination", "start"),
    [("postgres", "cast(row("), ("bigquery", "to_json_string(struct(")],
)
def test_a_servers_database_is_the_one_of_the_profile(destination, start):
    """It stands in settings, which need not be here; no driver connects."""
    sources = told("--destination", destination)

    for source in sources.values():
        assert "database" not in source
    table = sources["claude_code_marts"]["tables"][0]
    assert data_tests(table)["unique"]["column_name"].startswith(start)


def test_a_file_is_replaced_and_named(tmp_path):
    """`--out` writes the same, and says where."""
    file = tmp_path / "sources.yml"
    file.write_text("old")
    done = run("--out", file)

    assert (0, f"The sources claude_code and claude_code_marts are in {file}.\n") == (
        done.exit_code,
        done.stdout,
    )
    assert run().stdout == file.read_text()


def test_the_database_is_not_overwritten(loaded):
    """Nor is a folder taken for a file."""
    before = loaded.read_bytes()

    assert 2 == run("--out", loaded, "--database", loaded).exit_code
    assert before == loaded.read_bytes()


def test_every_raw_table_is_told():
    """Those of the reports and those of the files."""
    tables = [table["name"] for table in told()["claude_code"]["tables"]]

    assert [*usual_tables()] == tables
