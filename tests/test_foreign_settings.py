"""Settings of another dlt project, in the environment or in files, change nothing."""

import json
import os
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from ccwarehouse.cli import main
from loads import History, load_from, query, record, stored_rows
from postgres import execute

PROGRAM = Path(sys.executable).with_name("ccwarehouse")

# Settings that dlt reads when it needs them. Most change what is stored or where.
# Others hide a failure, or have a common name that another program may use.
ANYTIME = {
    "DEV_MODE": "true",
    "FULL_REFRESH": "true",
    "REFRESH": "drop_sources",
    "DATASET_NAME": "theirs",
    "DATASET_NAME_LAYOUT": "theirs_%s",
    "PIPELINE_NAME": "theirs",
    "PIPELINES_DIR": "/nowhere",
    "DESTINATION_TYPE": "postgres",
    "DESTINATION_NAME": "theirs",
    "STAGING_TYPE": "filesystem",
    "STAGING_NAME": "theirs",
    "IMPORT_SCHEMA_PATH": "theirs",
    "EXPORT_SCHEMA_PATH": "theirs",
    "USE_SINGLE_DATASET": "false",
    "RESTORE_FROM_DESTINATION": "false",
    "PROGRESS": "log",
    "PIPELINES__DEV_MODE": "true",
    "PIPELINES__CCWAREHOUSE__DEV_MODE": "true",
    "PIPELINES__CCWAREHOUSE__REFRESH": "drop_data",
    "CCWAREHOUSE__PIPELINES__DATASET_NAME_LAYOUT": "theirs_%s",
    "SCHEMA__NAMING": "direct",
    "SCHEMA__USE_BREAK_PATH_ON_NORMALIZE": "false",
    "SCHEMA__ALLOW_IDENTIFIER_CHANGE_ON_TABLE_WITH_DATA": "true",
    "SOURCES__SCHEMA__NAMING": "sql_ci_v1",
    "SOURCES__CLAUDE_CODE_ANALYTICS__SCHEMA__NAMING": "duck_case",
    "SOURCES__CLAUDE_CODE_ANALYTICS__MAX_TABLE_NESTING": "0",
    "EXTRACT__NEXT_ITEM_MODE": "fifo",
    "EXTRACT__MAX_PARALLEL_ITEMS": "1",
    "EXTRACT__DATA_WRITER__FILE_MAX_ITEMS": "1",
    "NORMALIZE__WORKERS": "2",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_ID": "true",
    "NORMALIZE__PARQUET_NORMALIZER__ADD_DLT_LOAD_ID": "true",
    "NORMALIZE__DATA_WRITER__TIMESTAMP_TIMEZONE": "",
    "DATA_WRITER__DISABLE_COMPRESSION": "true",
    "DATA_WRITER__FLAVOR": "spark",
    "DATA_WRITER__COERCE_TIMESTAMPS": "s",
    "DATA_WRITER__ALLOW_TRUNCATED_TIMESTAMPS": "true",
    "DATA_WRITER__DELIMITER": "|",
    "LOAD__WORKERS": "1",
    "LOAD__PARALLELISM_STRATEGY": "sequential",
    "LOAD__RAISE_ON_FAILED_JOBS": "false",
    "LOAD__RAISE_ON_MAX_RETRIES": "1",
    "LOAD__DELETE_COMPLETED_JOBS": "true",
    "LOAD__TRUNCATE_STAGING_DATASET": "true",
    "CREDENTIALS": "theirs.duckdb",
    "CREATE_INDEXES": "true",
    "STAGING_DATASET_NAME_LAYOUT": "%s",
    "DESTINATION__CREDENTIALS": "theirs.duckdb",
    "DESTINATION__REPLACE_STRATEGY": "insert-from-staging",
    "DESTINATION__STAGING_DATASET_NAME_LAYOUT": "%s",
    "DESTINATION__ENABLE_DATASET_NAME_NORMALIZATION": "false",
    "DESTINATION__CREATE_INDEXES": "true",
    "DESTINATION__DESTINATION_NAME": "theirs",
    "DESTINATION__DUCKDB__CREDENTIALS": "theirs.duckdb",
    "DESTINATION__DUCKDB__CREDENTIALS__DATABASE": "theirs.duckdb",
    "DESTINATION__DUCKDB__STAGING_DATASET_NAME_LAYOUT": "%s",
    "DESTINATION__POSTGRES__STAGING_DATASET_NAME_LAYOUT": "%s",
    "DESTINATION__POSTGRES__CSV_FORMAT__DELIMITER": "|",
    "RUNTIME__SLACK_INCOMING_HOOK": "http://127.0.0.1:9/hook",
    "DLT_LOCAL_DIR": "/nowhere",
}
# Settings that dlt reads once, when it is imported.
AT_IMPORT = {
    "DLT_DEFAULT_NAMING_MODULE": "theirs",
    "DLT_INTERVAL_TIMEZONE": "Asia/Kolkata",
    "RUNTIME__DLTHUB_TELEMETRY": "true",
    "RUNTIME__SENTRY_DSN": "http://key@127.0.0.1:9/1",
    "RUNTIME__DLTHUB_DSN": "http://127.0.0.1:9/dsn",
}
# The same in the files of a dlt project.
THEIR_FILE = """
dev_mode = true
[pipelines]
dataset_name_layout = "theirs_%s"
[load]
raise_on_failed_jobs = false
[schema]
naming = "direct"
[destination.duckdb]
staging_dataset_name_layout = "%s"
[runtime]
dlthub_dsn = "http://127.0.0.1:9/dsn"
"""

OURS = {"claude_code", "claude_code_marts", "claude_code_staging"}
DAYS = ("2026-03-08", "2026-03-09")


@pytest.fixture
def history():
    return History({day: [record(day), record(day, "b@example.com")] for day in DAYS})


@pytest.fixture
def api(history):
    with FakeApi(history) as api:
        yield api


def given(api):
    return {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }


def call(api, *words, code=0, **foreign):
    """A command's stdout, as JSON."""
    done = CliRunner().invoke(main, [*words, "--json"], env=given(api) | foreign)
    assert code == done.exit_code, done.output
    return json.loads(done.stdout)


def load_and_restate(api, *where, **foreign):
    """Load both days, load again after one lost a record; returns `status`'s rows."""
    words = ("load", "--start", DAYS[0], "--end", DAYS[-1], *where)
    call(api, *words, **foreign)
    lost = api.usage[DAYS[0]].pop()
    call(api, *words, **foreign)
    api.usage[DAYS[0]].append(lost)
    # the fake's noon was long ago, so days are missing since
    return call(api, "status", *where, code=4, **foreign)["rows"]


def datasets(database):
    """The datasets of a file, without DuckDB's own."""
    found = query(
        database, "select schema_name from duckdb_schemas() where not internal"
    )
    return {name for (name,) in found}


@pytest.mark.slow
def test_what_another_project_has_set_changes_nothing(api, tmp_path, monkeypatch):
    """A load, a restatement and `status` have the same rows in the same place."""
    monkeypatch.chdir(tmp_path)
    plain, hostile = Path("plain.duckdb"), Path("hostile.duckdb")
    rows = load_and_restate(api, "--database", str(plain))

    assert rows == load_and_restate(api, "--database", str(hostile), **ANYTIME)
    assert stored_rows(plain) == stored_rows(hostile)
    assert OURS == datasets(hostile)
    assert [hostile, plain] == sorted(Path().iterdir())


def test_in_postgres_it_changes_nothing_either(api, postgres, database):
    """Settings there also include the csv format and the staging dataset."""
    where = ("--destination", "postgres")
    rows = load_and_restate(api, *where, **ANYTIME)
    found = execute(
        postgres.address(database=database),
        "select nspname from pg_namespace where nspname !~ '^(pg_|information|public)'",
    )

    assert 3 == rows["usage_report"]
    assert OURS == {name for (name,) in found}


@pytest.mark.process
def test_what_dlt_reads_at_its_import_changes_nothing_either(api, tmp_path):
    """Variables that dlt reads at its import, and the files of a dlt project."""
    (tmp_path / ".dlt").mkdir()
    (tmp_path / ".dlt" / "config.toml").write_text(THEIR_FILE)
    words = ("load", "--start", DAYS[0], "--end", DAYS[-1], "--quiet")
    done = subprocess.run(
        [PROGRAM, *words],
        cwd=tmp_path,
        env=os.environ | given(api) | AT_IMPORT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    load_from(api, tmp_path / "plain.duckdb", *DAYS)

    assert (0, "", "") == (done.returncode, done.stdout, done.stderr)
    assert OURS - {"claude_code_staging"} == datasets(tmp_path / "ccwarehouse.duckdb")
    assert stored_rows(tmp_path / "plain.duckdb") == stored_rows(
        tmp_path / "ccwarehouse.duckdb"
    )


@pytest.fixture
def listener():
    """A server that records what it receives."""

    class Keeping(BaseHTTPRequestHandler):
        def do_POST(self):
            self.server.got.append(self.path)
            self.send_response(204)
            self.end_headers()

        do_PUT = do_POST  # noqa: N815 - as traces are sent

        def log_message(self, *_):
            """Print nothing."""

    with HTTPServer(("127.0.0.1", 0), Keeping) as server:
        server.got = []
        server.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.process
def test_nobody_is_told_of_a_load(api, listener, tmp_path):
    """Neither dlt's makers nor the addresses in another project's settings."""
    told = {
        "RUNTIME__DLTHUB_TELEMETRY_ENDPOINT": listener.url,
        "RUNTIME__DLTHUB_DSN": f"{listener.url}/dsn",
        "RUNTIME__SLACK_INCOMING_HOOK": f"{listener.url}/hook",
    }
    words = ("load", "--start", DAYS[0], "--end", DAYS[-1], "--quiet")
    done = subprocess.run(
        [PROGRAM, *words],
        cwd=tmp_path,
        env=os.environ | given(api) | told | {"HOME": str(tmp_path)},
        check=False,
        timeout=100,
    )

    assert (0, []) == (done.returncode, listener.got)
