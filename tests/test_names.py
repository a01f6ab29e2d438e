"""Names of destinations, files and datasets, and where the data then is."""

from pathlib import Path

import dlt
import duckdb
import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from ccwarehouse.warehouses import ImpossibleNameError
from ccwarehouse.warehouses.duckdb_file import catalog_name
from ccwarehouse.warehouses.names import stored_name
from loads import History, query, record
from postgres import execute

DAY = "2026-03-09"


@pytest.fixture
def api():
    with FakeApi(History({DAY: [record(DAY)]})) as api:
        yield api


@pytest.fixture(autouse=True)
def empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def load(api, *words):
    """A load of one day."""
    given = {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }
    words = ("load", "--start", DAY, "--end", DAY, *words)
    return CliRunner().invoke(main, words, env=given)


def datasets(database):
    found = query(
        database, "select schema_name from duckdb_schemas() where not internal"
    )
    return {name for (name,) in found}


@pytest.mark.slow
@pytest.mark.parametrize(("given", "stored"), [("a-b", "a_b"), ("übung", "_bung")])
def test_the_name_that_is_told_is_the_name_that_is_stored(api, given, stored):
    """The summary, the file and later commands use dlt's normalised name."""
    done = load(api, "--dataset", given)
    rebuilt = CliRunner().invoke(main, ["transform", "--dataset", given])

    assert 0 == done.exit_code, done.stderr
    assert f"tables in {stored}, views in {stored}_marts" in done.stdout
    assert {stored, f"{stored}_marts"} == datasets("ccwarehouse.duckdb")
    assert f" views in {stored}_marts: " in rebuilt.stdout


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("claude_code", "claude_code"),
        ("a.b", "a_b"),
        ("ClaudeCode", "claude_code"),
        (" usage ", "usage"),
        ("usage_", "usagex"),
        ("2026", "_2026"),
    ],
)
def test_a_name_is_what_dlt_makes_of_it_and_stays_so(given, stored):
    """The normalised name may be given the next time."""
    capabilities = dlt.destinations.duckdb().capabilities()

    assert stored == stored_name(given, capabilities)
    assert stored == stored_name(stored, capabilities)


def test_in_postgres_too(api, postgres, database):
    """Datasets are created under the printed name."""
    execute(
        postgres.address(database=database),
        f"grant create on database {database} to ccwarehouse_loader",
    )
    done = load(api, "--destination", "postgres", "--dataset", "Team-A")
    views = "select count(*) from team_a_marts.stg_usage"

    assert 0 == done.exit_code, done.stderr
    assert "tables in team_a, views in team_a_marts" in done.stdout
    assert [(1,)] == execute(postgres.address(database=database), views)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--dataset", ""], "--dataset '' cannot be a dataset's name"),
        (["--dataset", " \t"], "cannot be a dataset's name"),
        (["--dataset", "--"], "--dataset '--' cannot be a dataset's name"),
        (["--dataset", "日本"], "--dataset '日本' cannot be a dataset's name"),
        (["--dataset", "temp"], "DuckDB keeps the name temp for itself"),
        (["--dataset", "pg_catalog"], "DuckDB keeps the name pg_catalog for itself"),
        (["--destination", ""], "There is no such destination"),
        (["--destination", " "], "There is no such destination"),
        (["--destination", "duck db"], "There is no such destination"),
        (["--database", ""], "--database names a folder"),
        (["--database", "usage/"], "'usage/' is a folder"),
        (["--database", "."], "is a directory"),
        (["--database", "claude_code.duckdb"], "Name another file"),
        (["--database", "Claude_Code_MARTS.db"], "Name another file"),
        (
            ["--database", "usage.2026.duckdb", "--dataset", "Usage"],
            "Name another file",
        ),
        (["--database", "x_y.duckdb", "--dataset", "x-y"], "Name another file"),
        (["--database", "main.duckdb", "--dataset", "main_db"], "Name another file"),
        (["--destination", "postgres", "--dataset", "x" * 60], "is too long"),
    ],
)
def test_what_cannot_be_a_name_is_wrong_usage_and_nothing_is_made(api, words, reason):
    """One line before the first call; no empty file, and no data without views."""
    done = load(api, *words)

    assert 2 == done.exit_code
    assert reason in done.stderr
    assert ([], []) == (api.calls, list(Path().iterdir()))


@pytest.mark.parametrize("command", ["status", "transform", "doctor"])
def test_every_command_says_so(command):
    """Every command refuses these names."""
    done = CliRunner().invoke(main, [command, "--dataset", " "])

    assert 2 == done.exit_code
    assert "cannot be a dataset's name" in done.output


@pytest.mark.slow
@pytest.mark.parametrize(
    "file", ["claude-code.duckdb", "main.duckdb", "md:x", ":memory:"]
)
def test_a_file_may_be_called_like_anything_else(api, file):
    """DuckDB opens it as a file with the data."""
    done = load(api, "--database", file, "--dataset", "main")

    assert 0 == done.exit_code, done.stderr
    assert [(1,)] == query(
        Path(file).absolute(), "from (select count(*) from main_marts.stg_usage)"
    )
    assert {Path(file)} == set(Path().iterdir())


@pytest.mark.parametrize(
    "file",
    [
        "claude-code.duckdb",
        "a.b.duckdb",
        ".hidden",
        "CLAUDE.db",
        "main.x",
        "temp",
        "x y",
    ],
)
def test_it_is_known_what_duckdb_calls_the_database_in_a_file(file):
    """Without opening the file, which would create it."""
    with duckdb.connect(file) as connection:
        ((name,),) = connection.execute("select current_database()").fetchall()

    assert name == catalog_name(Path(file))


def test_the_views_have_room_for_their_name():
    """Postgres keeps 63 characters of a name, including `_marts`."""
    capabilities = dlt.destinations.postgres().capabilities()

    assert "x" * 57 == stored_name("x" * 57, capabilities)
    with pytest.raises(ImpossibleNameError):
        stored_name("x" * 58, capabilities)
