"""Airflow, Dagster and Prefect run the files of docs/schedules, with the fake API."""

import json
import os
import subprocess
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from loads import query
from schedules import ROOT, here

NIGHT = 5  # days of the first load
LAST = datetime.now(UTC).date() - timedelta(days=1)
STORED = "select distinct date from claude_code.day_fetches order by all"
WRONG = {"ANTHROPIC_ADMIN_KEY": "sk-ant-admin-old"}
DOWN = {
    "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": "http://127.0.0.1:1",
    "SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT": "0.1",
}
# By file, the delay before a retry, and the one of the tests.
DELAYS = {
    "airflow_dag.py": {"minutes=15": "seconds=1"},
    "dagster_usage.py": {"delay=15 * 60": "delay=0"},
    "prefect_flow.py": {"retry_delay_seconds=15 * 60": "retry_delay_seconds=0"},
}

pytestmark = [pytest.mark.process, pytest.mark.timeout(900)]


class Machine:
    """A folder with the data, and the environment of a worker."""

    def __init__(self, folder, api):
        self.folder, self.data = folder, folder / "data"
        self.data.mkdir()
        self.calls = api.calls
        section = "SOURCES__CLAUDE_CODE_ANALYTICS__"
        self.environment = os.environ | {
            f"{section}BASE_URL": api.url,
            f"{section}INITIAL_DAYS": str(NIGHT),
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
            "AIRFLOW_HOME": str(folder),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "DAGSTER_HOME": str(folder),
            "DAGSTER_DISABLE_TELEMETRY": "1",
            "DO_NOT_TRACK": "1",
            "PREFECT_HOME": str(folder),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        }

    def write(self, name, folder="."):
        """A copy of a file for this machine."""
        path = self.folder / folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(here(name, self.data, **DELAYS[name]))

    def run(self, *words, **given):
        """The exit code, stdout and stderr."""
        done = subprocess.run(
            words,
            cwd=self.folder,
            env=self.environment | given,
            capture_output=True,
            text=True,
            check=False,
            timeout=400,
        )
        return done.returncode, done.stdout, done.stdout + done.stderr

    def python(self, group, *words, **given):
        """What a script of this folder answers in the environment of the group."""
        script = Path(__file__).with_name(f"{group}_process.py")
        python = ROOT / f".venv-{group}" / "bin" / "python"
        code, answer, said = self.run(python, script, self.folder, *words, **given)
        assert 0 == code, said
        return json.loads(answer.splitlines()[-1]), said

    @property
    def days(self):
        """The days that are stored."""
        return [day for (day,) in query(self.data / "ccwarehouse.duckdb", STORED)]


@pytest.fixture
def machine(tmp_path):
    with FakeApi() as api:
        yield Machine(tmp_path, api)


def night(first: date | None = None) -> list[date]:
    """The days up to yesterday, from the first one of a load on an empty machine."""
    first = first or LAST - timedelta(days=NIGHT - 1)
    return [first + timedelta(days=days) for days in range((LAST - first).days + 1)]


def test_airflow_runs_a_load_and_tries_again_what_may_succeed(machine):
    """A wrong key fails at once, an API that is down after three more tries."""
    airflow = ROOT / ".venv-airflow" / "bin" / "airflow"
    machine.write("airflow_dag.py", "dags")
    assert 0 == machine.run(airflow, "db", "migrate")[0]

    def test(**given):
        code, _, said = machine.run(
            airflow, "dags", "test", "claude_code_usage", **given
        )
        return code, said.count("Command exited with return code"), said

    wrong = test(**WRONG)
    loaded = test()
    down = test(**DOWN)

    assert (1, 1) == wrong[:2], wrong[2]
    assert "ccwarehouse ended with 3: ccwarehouse: The API refused" in wrong[2]
    assert (0, 1) == loaded[:2], loaded[2]
    assert night() == machine.days
    assert (1, 4) == down[:2], down[2]


def test_dagster_materialises_days_and_the_nightly_job_the_others(machine):
    """A partition, a range of them in one load, and what is missing since then."""
    machine.write("dagster_usage.py")
    first = LAST - timedelta(days=9)
    given = [f"{first + timedelta(days=days)}" for days in (4, 0, 2)]

    told, said = machine.python("dagster", *given)

    assert {"ended": [True] * 3, "tries": 1} == {
        key: told[key] for key in ("ended", "tries")
    }, said
    assert night(first) == machine.days
    assert [f"{day}" for day in night(first)] == told["days"]


@pytest.mark.parametrize(("given", "tries"), [(WRONG, 1), (DOWN, 4)])
def test_dagster_tries_again_what_may_succeed(machine, given, tries):
    """A wrong key fails at once; no day is noted as loaded."""
    machine.write("dagster_usage.py")

    told, said = machine.python("dagster", *[f"{LAST}"] * 3, **given)

    assert {"ended": [False] * 3, "tries": tries, "days": []} == told, said


def test_prefect_runs_a_load_and_a_backfill(machine):
    """Both end well, and the days of both are stored."""
    machine.write("prefect_flow.py")
    first = LAST - timedelta(days=NIGHT + 1)

    ended, said = machine.python("prefect", f"{first}", f"{first + timedelta(days=1)}")

    assert [True, True] == ended, said
    assert night(first) == machine.days


@pytest.mark.parametrize(("given", "tries"), [(WRONG, 1), (DOWN, 4)])
def test_prefect_tries_again_what_may_succeed(machine, given, tries):
    """A wrong key fails at once, in each of the two flows."""
    machine.write("prefect_flow.py")

    ended, said = machine.python("prefect", f"{LAST}", f"{LAST}", **given)

    assert [False, False] == ended, said
    assert 2 * tries == said.count("| WARNING | Task run 'load"), said
