"""What many test modules share at the price of one: servers and processes."""

import tempfile
from pathlib import Path

import pytest

import emulator
import googlesql as googlesql_process
from postgres import LOADER, server


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
