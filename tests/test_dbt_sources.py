"""`dbt-sources`: what dbt is told is what the warehouse has.

`make test-more` runs dbt itself.
"""

import re
from pathlib import Path
from shutil import copy

import pytest
import yaml
from click.testing import CliRunner

from anthropic_directory import SCHEMA as DIRECTORY
from ccwarehouse.cli import main
from ccwarehouse.dbt_sources import as_yaml, sources
from ccwarehouse.reports import OPTIONAL
from ccwarehouse.warehouses import dialect_for, engine_of
from ccwarehouse.warehouses.duckdb_file import catalog_name
from ccwarehouse.warehouses.engines import DIALECTS
from claude_code_marts import models
from datasets import opened
from googlesql_load import empty_source
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


@pytest.fixture(scope="module")
def with_users(loaded, tmp_path_factory):
    """The same after a load of one further report."""
    database = tmp_path_factory.mktemp("with_users") / loaded.name
    copy(loaded, database)
    with opened({"database": database}, sole_writer=True) as warehouse:
        warehouse.pipeline.run(empty_source(DIRECTORY, OPTIONAL[DIRECTORY].values()))
        warehouse.build_views()
    return database


def run(*words):
    return CliRunner().invoke(main, ["dbt-sources", *map(str, words)])


def told(database):
    """The sources of a file by name, as YAML has them."""
    done = run("--database", database)
    assert (0, "") == (done.exit_code, done.stderr)
    return by_name(done.stdout)


def written(
    destination="duckdb", database="usage.duckdb", dataset="claude_code", loaded=()
):
    """The sources of any dataset by name, as YAML has them."""
    engine = engine_of(destination, Path(database))
    named = engine.stored_name(dataset), engine.catalog
    return by_name(as_yaml(sources(*named, dialect_for(engine), loaded)))


def by_name(text):
    return {entry["name"]: entry for entry in yaml.safe_load(text)["sources"]}


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


@pytest.mark.parametrize("dataset", ["loaded", "with_users"])
def test_every_table_and_column_is_told_with_the_warehouses_description(
    dataset, request
):
    """All tables and views of a loaded file, and nothing else.

    A further report brings its own tables, and all views of further reports.
    """
    database = request.getfixturevalue(dataset)
    stored = {
        (schema, relation, column): text
        for schema, relation, column, text in query(database, COMMENTS)
        if schema.startswith("claude_code")
        and not schema.endswith("_staging")
        and not relation.startswith(INTERNAL)
    }

    assert len(stored) > 300
    assert stored == described(told(database))


def test_a_further_report_is_told_once_it_is_loaded(loaded, with_users):
    """Alone: other reports have no tables, though views read them as empty."""
    before, after = (
        {
            table["name"]
            for source in told(database).values()
            for table in source["tables"]
        }
        for database in (loaded, with_users)
    )

    views = {view.name for view in models(further=True) if view.is_further}
    assert {*OPTIONAL[DIRECTORY]} | views == after - before


def test_before_the_first_load_nothing_is_told(tmp_path):
    """A file that is there stays as it was, and none is made."""
    (tmp_path / "sources.yml").write_text("old")
    done = run("--database", tmp_path / "no.duckdb", "--out", tmp_path / "sources.yml")

    assert (5, True) == (done.exit_code, "Load first" in done.stderr)
    assert "old" == (tmp_path / "sources.yml").read_text()
    assert ["sources.yml"] == [file.name for file in tmp_path.iterdir()]


def test_columns_come_in_the_warehouses_order():
    """As `select *` has those of a view."""
    marts = written(loaded=OPTIONAL)["claude_code_marts"]
    views = {table["name"]: table for table in marts["tables"]}

    for view in models(further=True):
        columns = [column["name"] for column in views[view.name]["columns"]]
        assert [*view.columns] == columns


def data_tests(entry):
    """The tests of a table or column: the name of each, and its arguments."""
    tests = [
        (test, {}) if isinstance(test, str) else next(iter(test.items()))
        for test in entry.get("data_tests", [])
    ]
    return {name: given.get("arguments", {}) for name, given in tests}


def test_every_view_is_tested_for_its_grain_where_nulls_are_values(
    duckdb_engine, postgres_engine
):
    """The expression is one that the engine counts rows by, null or not."""
    for engine in (duckdb_engine, postgres_engine):
        kind = type(engine).__name__.lower()
        marts = written(kind, loaded=OPTIONAL)["claude_code_marts"]
        for table in marts["tables"]:
            value = data_tests(table)["unique"]["column_name"]
            path = f"claude_code_marts.{table['name']}"
            lost = f"select count(*), count({value}) from {path} where {value} is null"
            assert [(0, 0)] == engine.ask(lost)


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
    tables = written(dataset="team-a")["team_a"]["tables"]
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
    tables = {table["name"]: table for table in written()["claude_code"]["tables"]}
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
        for source in written(dataset=dataset, loaded=OPTIONAL).values()
        for table in source["tables"]
        for test in table.get("data_tests", [])
    ]

    assert len(names) == len({*names}) > 2 * len(models(further=True))


@pytest.mark.parametrize("dataset", ["yes", "null", "1e5", "2026", "Team-A", "{{ x }}"])
@pytest.mark.parametrize("file", ["no", "main", "a.b", "3", "a: b #c", "é"])
def test_odd_names_stay_names(dataset, file):
    """YAML gives back the names of the dataset and of DuckDB's database, as text."""
    database = f"{file}.duckdb"
    found = written(database=database, dataset=dataset)
    name, marts = found

    assert f"{name}_marts" == marts
    assert re.fullmatch("[a-z0-9_]+", name)
    for source in found.values():
        assert source["name"] == source["schema"]
        assert catalog_name(Path(database)) == source["database"]


def test_dbt_finds_no_jinja_in_a_description():
    """dbt renders descriptions; braces would be taken for its own."""
    texts = described(written(loaded=OPTIONAL)).values()

    assert [] == [text for text in texts if re.search("{[{%#]", text)]


@pytest.mark.parametrize(
    ("destination", "start"),
    [("postgres", "cast(row("), ("bigquery", "to_json_string(struct(")],
)
def test_a_servers_database_is_the_one_of_the_profile(destination, start):
    """dbt knows it, and the settings here may call it otherwise."""
    found = written(destination)

    for source in found.values():
        assert "database" not in source
    table = found["claude_code_marts"]["tables"][0]
    assert data_tests(table)["unique"]["column_name"].startswith(start)


def test_a_file_is_replaced_and_named(loaded, tmp_path):
    """`--out` writes the same, and says where."""
    file = tmp_path / "sources.yml"
    file.write_text("old")
    done = run("--out", file, "--database", loaded)

    assert (0, f"The sources claude_code and claude_code_marts are in {file}.\n") == (
        done.exit_code,
        done.stdout,
    )
    assert run("--database", loaded).stdout == file.read_text()


def test_the_database_is_not_overwritten(loaded):
    """Nor is a folder taken for a file."""
    before = loaded.read_bytes()

    assert 2 == run("--out", loaded, "--database", loaded).exit_code
    assert before == loaded.read_bytes()
