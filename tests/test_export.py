"""`export` writes a view exactly, whole or not at all, the same from any warehouse."""

import csv
import io
import json
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from ccwarehouse.cli import main
from ccwarehouse.export import JsonLines, put_in_place
from ccwarehouse.view_schemas import schema_of
from claude_code_analytics.fake import DEMO_API_KEY, FakeApi
from claude_code_marts import models
from loads import History, load_from, query, record, served

DAY = "2026-03-09"
VIEW = "user_cost_daily"


@pytest.fixture
def history():
    """A day of three users: with an odd name, without a cost, and with an odd cost."""
    cost = {"currency": "EUR", "amount": Decimal("0.0000000001")}
    odd = record(DAY, 'a,"b"@example.com')
    odd["model_breakdown"][0]["estimated_cost"] = cost | {"amount": 1e-10}
    free = record(DAY, "free@example.com", model_breakdown=[])
    return History({DAY: [record(DAY), odd, free]})


@pytest.fixture
def folder(history, tmp_path, monkeypatch):
    """A folder with a warehouse of that day."""
    monkeypatch.chdir(tmp_path)
    with served(history) as api:
        load_from(api, tmp_path / "ccwarehouse.duckdb", DAY, DAY, views=True)
    return tmp_path


def call(*words):
    """A command's result."""
    return CliRunner().invoke(main, words)


@pytest.mark.slow
def test_csv_tells_a_null_from_an_empty_text_and_keeps_every_digit(folder):
    """Money has all its places; texts are in quotes, a null is nothing."""
    done = call("export", VIEW)
    rows = list(csv.DictReader(io.StringIO(done.stdout)))

    assert 0 == done.exit_code
    assert ['a,"b"@example.com', "dev@example.com", "free@example.com"] == [
        row["actor"] for row in rows
    ]
    costs = [row["estimated_cost"] for row in rows]
    assert ["0.000000000001", "10.250000000000", ""] == costs
    assert ',"free@example.com","api",,,' in done.stdout.splitlines()[3]


@pytest.mark.slow
def test_json_has_an_object_a_line_and_money_as_text(folder):
    """A program that reads it as floats would lose digits."""
    done = call("export", VIEW, "--format", "json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]

    assert 3 == len(rows)
    assert "0.000000000001" == rows[0]["estimated_cost"]
    assert (DAY, 100000, None) == (
        rows[0]["date"],
        rows[1]["input_tokens"],
        rows[2]["estimated_cost"],
    )


@pytest.mark.slow
def test_parquet_has_the_types_of_the_views(folder):
    """Money is a decimal there as well."""
    done = call("export", VIEW, "--format", "parquet", "--out", "costs.parquet")
    table = pq.read_table(folder / "costs.parquet")

    assert f"3 rows of {VIEW} are in costs.parquet.\n" == done.stdout
    assert schema_of(VIEW) == table.schema
    assert pa.decimal128(38, 12) == table.schema.field("estimated_cost").type
    expected = query(
        folder / "ccwarehouse.duckdb",
        f"select estimated_cost from claude_code_marts.{VIEW} order by actor",
    )
    assert [cost for (cost,) in expected] == table["estimated_cost"].to_pylist()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_every_view_can_be_exported(folder, kind):
    """Whatever types it has, also without rows; twice the same bytes."""
    for view in models():
        words = ("export", view.name, "--format", kind, "--out")
        files = [folder / f"{turn}.{kind}" for turn in (1, 2)]
        codes = [call(*words, str(file)).exit_code for file in files]

        assert [0, 0] == codes
        assert files[0].read_bytes() == files[1].read_bytes()


def test_postgres_exports_the_same(database, history, tmp_path):
    """Bytes and types do not depend on the warehouse."""
    where = ("--destination", "postgres")
    file = tmp_path / "usage.duckdb"
    with served(history) as api:
        load_from(api, file, DAY, DAY, views=True)
        load_from(api, file, DAY, DAY, views=True, destination="postgres")
    for view in ("user_cost_daily", "org_daily", "stg_day_fetches"):
        ours = call("export", view, "--database", str(file))
        theirs = call("export", view, *where)
        assert (0, ours.stdout) == (theirs.exit_code, theirs.stdout)


@pytest.mark.slow
def test_an_unknown_name_ends_with_the_nearest(folder):
    """And with the way to list all of them."""
    done = call("export", "user_cost_dayly")

    assert 2 == done.exit_code
    assert "There is no view user_cost_dayly. Do you mean user_cost_daily" in (
        done.stderr
    )
    assert "ccwarehouse export --list" in done.stderr


def test_the_list_names_every_view_with_its_grain():
    """Without a warehouse."""
    done = call("export", "--list")

    lines = [f"{view.name}: {view.description}" for view in models()]
    assert (0, lines) == (done.exit_code, done.stdout.splitlines())


def test_parquet_is_not_printed():
    """It would be bytes on a terminal."""
    done = call("export", VIEW, "--format", "parquet")

    assert (2, True) == (done.exit_code, "--out" in done.stderr)


@pytest.mark.slow
def test_before_the_first_load_there_is_nothing_to_export(tmp_path, monkeypatch):
    """One line that says to load; no file is made."""
    monkeypatch.chdir(tmp_path)
    done = call("export", VIEW, "--out", "costs.csv")

    assert 5 == done.exit_code
    assert "Load first" in done.stderr
    assert [] == list(tmp_path.iterdir())


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path):
    """Whoever reads it has the old rows or the new ones, never half of them."""
    target = tmp_path / "costs.csv"
    target.write_text("old")

    def fill(file):
        file.write(b"new")
        raise OSError("full")

    def half_written():
        with put_in_place(target) as file:
            fill(file)

    with pytest.raises(OSError, match="full"):
        half_written()

    assert [target] == list(tmp_path.iterdir())
    assert "old" == target.read_text()


def test_a_moment_is_written_as_iso_has_it():
    """JSON has no type of its own for it."""
    moment = pa.timestamp("us", "UTC")
    schema = pa.schema([("at", moment)])
    out = io.BytesIO()
    batch = pa.RecordBatch.from_arrays([pa.array([0], moment)], schema=schema)
    JsonLines(out, schema).write_batch(batch)

    assert b'{"at": "1970-01-01T00:00:00+00:00"}\n' == out.getvalue()


FILES = {
    "teams.csv": "actor,team\ndev@example.com,Research\n",
    "budgets.csv": "scope,month,amount,currency\norganisation,2026-03,5,USD\n",
}


@pytest.fixture
def loading(history, tmp_path, monkeypatch):
    """A load of the day with files, as a person calls it."""
    monkeypatch.chdir(tmp_path)
    for name, text in FILES.items():
        Path(name).write_text(text)
    with FakeApi(history) as api:
        monkeypatch.setenv("SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL", api.url)
        monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)

        def load(*words):
            done = call("load", "--start", DAY, "--end", DAY, *words)
            return done, len(api.calls)

        yield load


WITH_FILES = ("--teams", "teams.csv", "--budgets", "budgets.csv")


@pytest.mark.slow
def test_a_load_stores_teams_and_budgets_and_says_so(loading):
    """The second time they have not changed; a budget that is over ends with 6."""
    first, _ = loading(*WITH_FILES, "--json")
    again, _ = loading(*WITH_FILES)
    budgets = call("budgets", "--month", "2026-03")

    assert ["teams", "budgets"] == json.loads(first.stdout)["files_loaded"]
    assert "Files" not in again.stdout
    assert (6, True) == (budgets.exit_code, "over budget" in budgets.stdout)
    assert "Research" in call("export", "team_cost_monthly").stdout


@pytest.mark.slow
def test_files_may_come_from_the_environment(loading, monkeypatch):
    """As containers have it; an empty variable is none."""
    monkeypatch.setenv("CCWAREHOUSE_TEAMS", "teams.csv")
    monkeypatch.setenv("CCWAREHOUSE_BUDGETS", "")
    done, _ = loading()

    assert "Files    teams loaded\n" in done.stdout


@pytest.mark.slow
def test_a_wrong_file_ends_a_load_before_the_first_call(loading):
    """All its faults are told, with file and line, and the code is 3."""
    Path("teams.csv").write_text("actor,team\n,Red\nann@example.com,\n")
    done, calls = loading(*WITH_FILES)

    assert (3, 0) == (done.exit_code, calls)
    assert "teams.csv, line 2, column actor" in done.stderr
    assert "teams.csv, line 3, column team" in done.stderr
    assert not Path("ccwarehouse.duckdb").exists()


@pytest.mark.slow
def test_a_dry_run_reads_the_files_and_loads_nothing(loading):
    """So a file can be tried."""
    right, _ = loading("--dry-run", *WITH_FILES)
    Path("budgets.csv").write_text("scope,month\n")
    wrong, _ = loading("--dry-run", *WITH_FILES)

    assert (0, 3) == (right.exit_code, wrong.exit_code)


@pytest.mark.slow
def test_a_budget_in_an_unknown_currency_keeps_the_days_and_tells(loading):
    """The days are committed, the views built, and the old budgets stay in force."""
    loading(*WITH_FILES)
    Path("budgets.csv").write_text(
        "scope,month,amount,currency\norganisation,2026-03,5,GBP\n"
    )
    done, _ = loading(*WITH_FILES)

    assert 3 == done.exit_code
    assert "GBP" in done.stderr
    assert "USD" in call("budgets", "--month", "2026-03").stdout
