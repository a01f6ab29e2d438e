"""Servers and processes that many test modules share.

Each worker starts the servers that it needs.
"""

import gc
import os
import signal
import sys
import tempfile
from pathlib import Path

import dlt
import pytest

import datasets
import emulator
import googlesql as googlesql_process
from engines import BigQuery, DuckDb, Postgres, prepared
from postgres import LOADER, server
from soak import sample

# Fixtures that start a server. The first one that a test needs decides its group.
SERVERS = ("googlesql", "bigquery_service", "postgres")
# The first run in a checkout compiles GoogleSQL, which takes half a minute.
TO_START = pytest.mark.timeout(sample(quick=300, soak=7200))

# The longest groups start first, in this order. If one started last, the other workers
# would be idle meanwhile.
LONGEST = (
    "bigquery_service",
    "postgres",
    "googlesql",
    "test_kill.py",
    "test_forget.py",
    "test_secrets.py",
    "test_interruption.py",
    "test_account_loads.py",
    "test_owners.py",
    "test_cases.py",
    "test_report.py",
    "test_stored_marts.py",
    "test_neighbours.py",
    "test_cli.py",
    "test_bad_network.py",
    "test_wheel.py",
    "test_clock.py",
)

_may_start_python = [True]


def _watch(event, details):
    program = Path(str(details[0])).name if event == "subprocess.Popen" else ""
    if program.startswith(("python", "ccwarehouse")) and not _may_start_python[-1]:
        raise RuntimeError("A test that starts a Python is marked `process`.")


sys.addaudithook(_watch)


@pytest.hookimpl(tryfirst=True)  # before xdist reads the groups
def pytest_collection_modifyitems(items):
    """Mark the tests that need a server, and run those of one server in one worker."""
    for item in items:
        server = next((name for name in SERVERS if name in item.fixturenames), None)
        if server:
            item.add_marker("server")
            item.add_marker(TO_START)
        item.add_marker(pytest.mark.xdist_group(server or item.path.name))
    items.sort(key=_turn)


def _turn(item):
    """The position of a test's group in the run."""
    group = item.get_closest_marker("xdist_group").args[0]
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


def pytest_collection_finish(session):
    """Collect no garbage among what stays, and compile GoogleSQL ahead."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)  # dlt makes many objects that are soon gone
    _compile_googlesql(session)


def _compile_googlesql(session):
    """Compile GoogleSQL if a test needs it, while other tests wait."""
    is_first_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    is_needed = any("googlesql" in item.fixturenames for item in session.items)
    if is_first_worker and is_needed and not session.config.option.collectonly:
        googlesql_process.compile_ahead()


@pytest.fixture(autouse=True)
def _python_is_started_by_marked_tests_alone(request):
    """Only marked tests may start Python: `make check` skips them to be fast."""
    marked = map(request.node.get_closest_marker, ("server", "process"))
    _may_start_python.append(any(marked))
    yield
    _may_start_python.pop()


@pytest.fixture
def in_the_background():
    """SIGINT is ignored, as in a script's background job; children inherit this."""
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.fixture(scope="session")
def googlesql():
    """Google's analyzer and executor; each module creates the tables it needs."""
    with googlesql_process.started() as running:
        yield running


@pytest.fixture(scope="session")
def postgres():
    """One server for all tests, which load into separate databases."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as running:
        yield running


@pytest.fixture(scope="session")
def duckdb_engine(tmp_path_factory):
    """Views on a DuckDB file, which each test fills again."""
    folder = tmp_path_factory.mktemp("duckdb_engine")
    destination = dlt.destinations.duckdb(str(folder / "usage.duckdb"))
    with prepared(destination, folder / "pipelines").sql_client() as client:
        yield DuckDb(client)


@pytest.fixture(scope="module")
def postgres_engine(postgres, tmp_path_factory):
    """The same views in Postgres, with an English collation.

    Not session-scoped: some tests crash the server, which ends the connection.
    """
    folder = tmp_path_factory.mktemp("postgres_engine")
    address = postgres.address(database=postgres.new_database())
    destination = dlt.destinations.postgres(address)
    with prepared(destination, folder / "pipelines").sql_client() as client:
        yield Postgres(client)


@pytest.fixture(scope="session")
def googlesql_engine(googlesql, tmp_path_factory):
    """The same views in GoogleSQL's executor."""
    return BigQuery(googlesql, tmp_path_factory.mktemp("googlesql_engine"))


@pytest.fixture(scope="session")
def schemas(duckdb_engine):
    """The columns of raw tables and views, the same in every engine."""
    return duckdb_engine.schemas()


@pytest.fixture
def database(postgres, monkeypatch):
    """The name of a new database, into which dlt loads as the README's loader."""
    name = postgres.new_database()
    address = postgres.address(LOADER, name)
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
    return name


@pytest.fixture(scope="session")
def loaded(tmp_path_factory):
    """A DuckDB file with some of everything, which no test may change."""
    place = {"database": tmp_path_factory.mktemp("loaded") / "ccwarehouse.duckdb"}
    datasets.load_first(place)
    return place


@pytest.fixture(scope="session")
def bigquery_service():
    """One stand-in for BigQuery for all tests, which load into separate datasets."""
    with (
        tempfile.TemporaryDirectory() as folder,
        emulator.service(Path(folder)) as service,
    ):
        yield service


@pytest.fixture
def bigquery(bigquery_service, monkeypatch):
    """The same, reset: nothing was sent and nothing fails. dlt loads into it."""
    bigquery_service.reset()
    for name, value in bigquery_service.environment().items():
        monkeypatch.setenv(name, value)
    return bigquery_service
