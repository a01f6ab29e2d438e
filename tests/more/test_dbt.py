"""dbt itself reads our sources: a DuckDB file, attached or not, and Postgres."""

import json
import os
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from ccwarehouse.neighbours import NAMES
from ccwarehouse.reports import usual_tables
from claude_code_marts import models
from loads import History, execute, load_from, record, served
from postgres import READER
from postgres import execute as execute_postgres

ROOT = Path(__file__).parents[2]
DBT = ROOT / ".venv-dbt" / "bin" / "dbt"
NOW = datetime.now(UTC)
DAYS = [f"{NOW.date() - timedelta(days):%Y-%m-%d}" for days in (2, 1)]
PROJECT = "{name: usage, profile: usage, version: '1.0', model-paths: [models]}"
MODEL = """
    select date, currency, sum(estimated_cost) as estimated_cost
    from {{ source('claude_code_marts', 'user_cost_daily') }}
    group by date, currency
"""


class Project:
    """A folder with a profile, our sources and one model."""

    def __init__(self, folder, target, *words):
        self.folder = folder
        (folder / "models").mkdir()
        (folder / "dbt_project.yml").write_text(PROJECT)
        profile = {"usage": {"target": "dev", "outputs": {"dev": target}}}
        (folder / "profiles.yml").write_text(json.dumps(profile))
        (folder / "models" / "cost_daily.sql").write_text(MODEL)
        out = folder / "models" / "sources.yml"
        done = CliRunner().invoke(main, ["dbt-sources", "--out", f"{out}", *words])
        assert 0 == done.exit_code

    def dbt(self, *words):
        """The exit code, and the results by name."""
        done = subprocess.run(
            [DBT, "--warn-error", "--no-use-colors", *words],
            cwd=self.folder,
            env=os.environ | {"DBT_SEND_ANONYMOUS_USAGE_STATS": "false"},
            capture_output=True,
            text=True,
            check=False,
        )
        results = self.folder / "target" / "run_results.json"
        if "freshness" in words or not results.exists():
            return done.returncode, done.stdout
        found = json.loads(results.read_text())["results"]
        return done.returncode, {
            result["unique_id"].split(".")[2]: result["status"] for result in found
        }


def load(database, **given):
    with served(History({day: [record(day)] for day in DAYS})) as api:
        load_from(api, database, *DAYS, NOW, views=True, **given)


def assert_dbt_works(project):
    """Model, tests, freshness and documentation, without a warning."""
    assert (0, {"cost_daily": "success"}) == project.dbt("run")
    code, tests = project.dbt("test", "--select", "source:*")
    assert (0, {"pass"}) == (code, {*tests.values()})
    assert len(tests) > len(models())
    code, said = project.dbt("source", "freshness")
    assert (0, True) == (code, "PASS freshness of claude_code.day_fetches" in said)
    assert 0 == project.dbt("docs", "generate")[0]
    catalog = json.loads((project.folder / "target" / "catalog.json").read_text())
    assert len(usual_tables()) + len(models()) == len(catalog["sources"])


@pytest.mark.timeout(600)
@pytest.mark.parametrize("is_attached", [True, False])
def test_dbt_reads_a_file(tmp_path, is_attached):
    """A copy for readers beside dbt's own file, or the file itself."""
    database = tmp_path / "usage.duckdb"
    load(database)
    target = {"type": "duckdb", "path": f"{database}"}
    if is_attached:
        attached = [{"path": f"{database}", "read_only": True}]
        target |= {"path": f"{tmp_path / 'own.duckdb'}", "attach": attached}

    assert_dbt_works(Project(tmp_path, target, "--database", f"{database}"))


@pytest.mark.timeout(600)
def test_dbt_tests_further_reports(tmp_path):
    """Every test passes on the made-up organisation with its bill."""
    database = tmp_path / "usage.duckdb"
    with FakeApi() as api:
        env = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "3",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            "CCWAREHOUSE__REPORTS": ",".join(NAMES),
        }
        loaded = CliRunner().invoke(
            main, ["load", "--database", f"{database}"], env=env
        )
    assert 0 == loaded.exit_code
    target = {"type": "duckdb", "path": f"{database}"}
    project = Project(tmp_path, target, "--database", f"{database}")

    code, tests = project.dbt("test", "--select", "source:*")

    assert (0, {"pass"}) == (code, {*tests.values()})
    assert "claude_code_marts_focus_1_2_has_its_grain" in tests
    assert len(tests) > len(models(further=True))


@pytest.mark.timeout(600)
def test_dbt_names_what_is_broken(tmp_path):
    """A doubled fetch of nulls, a lost record, an unknown status, and old data."""
    database = tmp_path / "usage.duckdb"
    load(database)
    children = "claude_code.usage_report__model_breakdown"
    fetches = "claude_code.day_fetches"
    execute(database, f"update {children} set _dlt_parent_id = 'gone'")
    execute(database, f"update {fetches} set load_number = null, status = 'odd'")
    execute(database, f"insert into {fetches} from {fetches}")
    target = {"type": "duckdb", "path": f"{database}"}
    project = Project(tmp_path, target, "--database", f"{database}")

    code, tests = project.dbt("test", "--select", "source:claude_code")
    failed = {name for name, status in tests.items() if status == "fail"}
    fresh, _ = project.dbt("source", "freshness")

    assert (1, 1) == (code, fresh)
    assert "claude_code_day_fetches_has_its_grain" in failed
    assert any("relationships" in name for name in failed)
    assert any("accepted_values" in name for name in failed)


@pytest.mark.timeout(600)
def test_dbt_reads_postgres(postgres, database, tmp_path):
    """As the reader, with a schema of its own."""
    load(Path(), destination="postgres")
    admin = postgres.address(database=database)
    execute_postgres(admin, f"create schema dbt authorization {READER}")
    address = urlsplit(postgres.address(READER, database))
    target = {
        "type": "postgres",
        "host": address.hostname,
        "port": address.port,
        "user": address.username,
        "password": address.password,
        "dbname": database,
        "schema": "dbt",
    }

    assert_dbt_works(Project(tmp_path, target, "--destination", "postgres"))
