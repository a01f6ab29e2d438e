"""The source in a user's own dlt pipeline."""

import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path
from shutil import copytree

import dlt
import duckdb
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from claude_code_analytics import CredentialsError, SettingsError, usage
from loads import NOON, History, record
from whole_days.errors import ClockError

SOURCES = Path(__file__).parent.parent / "sources"


@pytest.fixture
def api():
    days = ("2026-03-07", "2026-03-08", "2026-03-09", "2026-03-10")
    with FakeApi(History({day: [record(day)] for day in days})) as api:
        yield api


@pytest.fixture
def pipeline(tmp_path):
    return dlt.pipeline(
        "of_my_own",
        destination=dlt.destinations.duckdb(str(tmp_path / "mine.duckdb")),
        dataset_name="usage",
        pipelines_dir=str(tmp_path / "pipelines"),
    )


def loaded_days(tmp_path):
    with duckdb.connect(str(tmp_path / "mine.duckdb")) as connection:
        rows = connection.sql("select date from usage.usage_report order by date")
        return [day.isoformat() for (day,) in rows.fetchall()]


def asked(api):
    """The days that were fetched whole."""
    calls = [call.query for call in api.calls]
    return [query["starting_at"] for query in calls if query["limit"] != "1"]


@pytest.mark.slow
def test_given_days_are_loaded(api, pipeline, tmp_path):
    """Exactly the given `days` are fetched."""
    days = [date(2026, 3, 7), date(2026, 3, 9)]
    pipeline.run(usage(days, base_url=api.url, api_key=DEMO_API_KEY))

    assert ["2026-03-07", "2026-03-09"] == loaded_days(tmp_path)


@pytest.mark.slow
def test_without_days_it_goes_on_from_the_last_stored_one(api, pipeline, tmp_path):
    """The first run fetches `initial_days`; the next one follows the nightly rule."""
    given = {"base_url": api.url, "api_key": DEMO_API_KEY, "lookback": 0}
    api.now = lambda: NOON
    pipeline.run(usage(initial_days=2, clock=lambda: NOON, **given))
    first = asked(api)
    api.calls.clear()
    tomorrow = NOON + timedelta(days=1)
    api.now = lambda: tomorrow
    pipeline.run(usage(clock=lambda: tomorrow, **given))

    assert ["2026-03-08", "2026-03-09"] == sorted(first)
    assert ["2026-03-10"] == asked(api)
    assert ["2026-03-08", "2026-03-09", "2026-03-10"] == loaded_days(tmp_path)


@pytest.mark.slow
def test_it_is_configured_the_dlt_way(api, pipeline, tmp_path, monkeypatch):
    """Environment variables in dlt's form are enough."""
    section = "SOURCES__CLAUDE_CODE_ANALYTICS"
    monkeypatch.setenv(f"{section}__BASE_URL", api.url)
    monkeypatch.setenv(f"{section}__API_KEY", DEMO_API_KEY)
    pipeline.run(usage([date(2026, 3, 9)]))

    assert ["2026-03-09"] == loaded_days(tmp_path)


@pytest.mark.slow
def test_the_customary_variable_holds_the_key_as_well(
    api, pipeline, tmp_path, monkeypatch
):
    """The common variable ANTHROPIC_ADMIN_KEY is accepted."""
    monkeypatch.setenv("ANTHROPIC_ADMIN_KEY", DEMO_API_KEY)
    pipeline.run(usage([date(2026, 3, 9)], base_url=api.url))

    assert ["2026-03-09"] == loaded_days(tmp_path)


def test_a_missing_key_and_a_bad_setting_are_told_before_the_run(monkeypatch):
    """Without a key, or with an invalid setting, no call is made."""
    monkeypatch.delenv("ANTHROPIC_ADMIN_KEY", raising=False)

    with pytest.raises(CredentialsError, match="ANTHROPIC_ADMIN_KEY"):
        usage()
    with pytest.raises(SettingsError, match="concurrency"):
        usage(api_key=DEMO_API_KEY, concurrency=0)


@pytest.mark.parametrize(
    ("fault", "error"),
    [({"api_key": "sk-ant-admin-old"}, CredentialsError), ({}, ClockError)],
)
def test_it_asks_first_as_a_load_does(api, pipeline, fault, error):
    """A refused key, or a clock that is wrong by days, ends the run before any day."""
    given = {"base_url": api.url, "api_key": DEMO_API_KEY, **fault}
    with pytest.raises(PipelineStepFailed) as failed:
        pipeline.run(usage([date(2026, 3, 9)], clock=lambda: NOON, **given))

    assert isinstance(failed.value.__cause__.__cause__, error)
    assert [] == asked(api)


@pytest.mark.slow
def test_some_of_its_tables_may_be_selected(api, pipeline, tmp_path):
    """As with any dlt source, some of the resources can be loaded alone."""
    source = usage([date(2026, 3, 9)], base_url=api.url, api_key=DEMO_API_KEY)
    pipeline.run(source.with_resources("usage_report"))

    assert ["2026-03-09"] == loaded_days(tmp_path)
    assert "usage_report__tool_actions" not in pipeline.default_schema.tables


COPIED = ("whole_days", "anthropic_admin_api", "claude_code_analytics")
ELSEWHERE = """
import sys
from datetime import date

import dlt
from claude_code_analytics import usage

file, url, key = sys.argv[1:]
pipeline = dlt.pipeline(
    "of_my_own",
    destination=dlt.destinations.duckdb(file),
    dataset_name="usage",
    pipelines_dir="pipelines",
)
pipeline.run(usage([date(2026, 3, 9)], base_url=url, api_key=key))
"""


@pytest.mark.process
def test_the_copied_folders_of_the_source_load_without_the_package(api, tmp_path):
    """Where nothing is installed but what they import, a user's pipeline has them."""
    libraries = tmp_path / "libraries"
    libraries.mkdir()
    for found in Path(dlt.__file__).parent.parent.iterdir():
        if "ccwarehouse" not in found.name:
            (libraries / found.name).symlink_to(found)
    for name in COPIED:
        copytree(SOURCES / name, tmp_path / "mine" / name)
    paths = os.pathsep.join(map(str, (tmp_path / "mine", libraries)))
    file = tmp_path / "mine.duckdb"
    without_site = (sys.executable, "-S", "-c", ELSEWHERE)
    subprocess.run(
        [*without_site, file, api.url, DEMO_API_KEY],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": paths},
        check=True,
    )

    assert ["2026-03-09"] == loaded_days(tmp_path)
    (agent,) = {call.headers["user-agent"] for call in api.calls}
    assert "ccwarehouse (+https://github.com/ccwarehouse/ccwarehouse)" == agent
