"""What many test modules share at the price of one: servers and processes.

Each worker has its own servers where it needs them.
"""

import os
import signal
import sys
import tempfile
from pathlib import Path

import dlt
import pytest

import emulator
import googlesql as googlesql_process
from engines import BigQuery, DuckDb, Postgres, prepared
from postgres import LOADER, server
from soak import sample

# Fixtures that start a server; the first one that a test needs says where it runs.
SERVERS = ("googlesql", "bigquery_service", "postgres")
# GoogleSQL is compiled in a checkout's first run, which takes half a minute.
TO_START = pytest.mark.timeout(sample(quick=300, soak=7200))

# The groups that take longest, in the order in which they begin: whoever began one last
# would leave the other workers without work.
LONGEST = (
    "bigquery_service",
    "postgres",
    "googlesql",
    "test_secrets.py",
    "test_interruption.py",
    "test_kill.py",
    "test_wheel.py",
    "test_bad_network.py",
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
    """Mark the tests that need servers, and keep those of one server in one worker."""
    for item in items:
        server = next((name for name in SERVERS if name in item.fixturenames), None)
        if server:
            item.add_marker("server")
            item.add_marker(TO_START)
        item.add_marker(pytest.mark.xdist_group(server or item.path.name))
    items.sort(key=_turn)


def _turn(item):
    """When the group of a test has its turn."""
    group = item.get_closest_marker("xdist_group").args[0]
    return LONGEST.index(group) if group in LONGEST else len(LONGEST)


def pytest_collection_finish(session):
    """Compile GoogleSQL, if that is to come, while tests wait for other things."""
    is_first_worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
    is_needed = any("googlesql" in item.fixturenames for item in session.items)
    if is_first_worker and is_needed and not session.config.option.collectonly:
        googlesql_process.compile_ahead()


@pytest.fixture(autouse=True)
def _python_is_started_by_marked_tests_alone(request):
    """`make check` leaves those out, so that it takes less than a minute."""
    marked = map(request.node.get_closest_marker, ("server", "process"))
    _may_start_python.append(any(marked))
    yield
    _may_start_python.pop()


@pytest.fixture
def in_the_background():
    """SIGINT is ignored, as in what a script starts with `&`; children inherit it."""
    usual = signal.signal(signal.SIGINT, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.fixture(scope="session")
def googlesql():
    """Google's analyzer and executor; a module brings the tables it needs."""
    with googlesql_process.started() as running:
        yield running


@pytest.fixture(scope="session")
def postgres():
    """The one server of all tests; what they load lies in databases of their own."""
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as running:
        yield running


@pytest.fixture(scope="module")
def duckdb_engine(tmp_path_factory):
    """Views on a DuckDB file, filled anew by each test that asks them."""
    folder = tmp_path_factory.mktemp("duckdb_engine")
    destination = dlt.destinations.duckdb(str(folder / "usage.duckdb"))
    with prepared(destination, folder / "pipelines").sql_client() as client:
        yield DuckDb(client)


@pytest.fixture(scope="module")
def postgres_engine(postgres, tmp_path_factory):
    """The same views in Postgres, with a collation of English.

    Not for the session: some tests crash the server, which ends its connection.
    """
    folder = tmp_path_factory.mktemp("postgres_engine")
    address = postgres.address(database=postgres.new_database())
    destination = dlt.destinations.postgres(address)
    with prepared(destination, folder / "pipelines").sql_client() as client:
        yield Postgres(client)


@pytest.fixture(scope="module")
def googlesql_engine(googlesql, tmp_path_factory):
    """The same views by GoogleSQL's executor."""
    return BigQuery(googlesql, tmp_path_factory.mktemp("googlesql_engine"))


@pytest.fixture(scope="module")
def schemas(duckdb_engine):
    """The columns of raw tables and views, which are the same in every engine."""
    return duckdb_engine.schemas()


@pytest.fixture
def database(postgres, monkeypatch):
    """A new database, into which dlt loads as the README's loader; its name."""
    name = postgres.new_database()
    address = postgres.address(LOADER, name)
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
    return name


@pytest.fixture(scope="session")
def bigquery_service():
    """The one stand-in for BigQuery; what tests load lies in datasets of their own."""
    with (
        tempfile.TemporaryDirectory() as folder,
        emulator.service(Path(folder)) as service,
    ):
        yield service


@pytest.fixture
def bigquery(bigquery_service, monkeypatch):
    """The same with nothing sent and no trouble; dlt loads into it."""
    bigquery_service.reset()
    for name, value in bigquery_service.environment().items():
        monkeypatch.setenv(name, value)
    return bigquery_service
