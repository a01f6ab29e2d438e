"""Failures of Postgres end with 5 and advice, soon; the next load repairs them."""

import threading
import time
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import psycopg2
import pytest

from anthropic_admin_api.fake import FakeApi
from ccwarehouse.load import PACKAGE_DAYS
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses.fixes import CORRECT, CREATE, GRANT, MAKE_ROOM, REPAIR, WAIT
from loads import History, record
from postgres import LOADER, PASSWORDS, command, execute

DAYS = PACKAGE_DAYS + 4  # two packages
FIRST = "2025-11-01"
LAST = str(date.fromisoformat(FIRST) + timedelta(days=DAYS - 1))
SOON = 40  # seconds; about seven on an idle machine, with dlt's five attempts per job


@pytest.fixture
def history():
    return History({day: [record(day)] for day in (FIRST, LAST)})


@pytest.fixture
def api(history):
    with FakeApi(history) as api:
        yield api


def load(api, *words):
    return command(api, "load", "--quiet", "--start", FIRST, "--end", LAST, *words)


def refusal(api, *words):
    """The one line of a load that ends with 5, and soon."""
    began = time.monotonic()
    done = load(api, *words)

    assert (5, "") == (done.exit_code, done.stdout)
    assert time.monotonic() - began < SOON
    (line,) = done.stderr.splitlines()
    return line


def stored(postgres, database):
    """The days of the records, and how many days were loaded."""
    sql = """
        select
            array(select date::text from claude_code.usage_report order by date),
            (select count(distinct date) from claude_code.stg_day_fetches)
    """.replace("claude_code.stg", "claude_code_marts.stg")
    return execute(postgres.address(database=database), sql)


def heals(api, postgres, database):
    """Whether the same command now loads all records, each once."""
    done = load(api)
    return (0, [([FIRST, LAST], DAYS)]) == (done.exit_code, stored(postgres, database))


def test_a_connection_that_is_refused_is_told_with_advice(
    api, postgres, database, monkeypatch
):
    """Nothing listens at the port, a wrong password, no such database."""
    right = postgres.address(LOADER, database)

    def line(address):
        monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", address)
        return refusal(api)

    assert line(right.replace(f":{postgres.port}", ":1")).endswith(REPAIR)
    assert line(right.replace(PASSWORDS[LOADER], "guessed")).endswith(CORRECT)
    assert line(postgres.address(LOADER, "nowhere")).endswith(CREATE)
    monkeypatch.setenv("DESTINATION__POSTGRES__CREDENTIALS", right)
    assert heals(api, postgres, database)


def test_a_grant_that_lacks_is_named(api, postgres, database):
    """The line says what is denied, and where to read what to grant."""
    admin = postgres.address(database=database)
    right = "create on schema claude_code_marts"
    execute(admin, f"revoke {right} from {LOADER}")
    line = refusal(api)
    execute(admin, f"grant {right} to {LOADER}")

    assert "permission denied for schema claude_code_marts" in line
    assert line.endswith(GRANT)
    assert heals(api, postgres, database)


def test_a_second_load_is_told_to_wait(api, postgres, database):
    """The dataset is locked by a writer; the line names it."""
    with open_warehouse("postgres", Path(), "claude_code", sole_writer=True):
        line = refusal(api, "--wait=0")

    assert f"in use: another load writes to it (user {LOADER} from 127.0.0.1" in line
    assert line.endswith(WAIT)
    assert heals(api, postgres, database)


def test_a_server_that_crashes_between_packages_costs_one_package(
    api, postgres, database
):
    """Committed packages stay."""
    admin = postgres.address(database=database)

    one_is_in = "select 1 from pg_stat_user_tables where relname = '_dlt_loads'"

    def fault(request):
        if request.query["starting_at"] == LAST:
            while not execute(admin, f"{one_is_in} and n_tup_ins > 0"):
                time.sleep(0.05)
            postgres.crash()

    api.fault = fault
    with postgres.repaired():
        line = refusal(api)
    api.fault = None

    assert line.endswith(REPAIR)
    in_before = "select count(*), min(date)::text from claude_code.usage_report"
    assert [(1, FIRST)] == execute(admin, in_before)
    assert heals(api, postgres, database)


def test_a_server_that_crashes_inside_a_statement_tears_no_day(
    api, history, postgres, database
):
    """A day that was being replaced keeps its old rows, then gets the new ones."""
    load(api)
    before = [*history[FIRST]]
    history[FIRST] = []

    def crash_as_soon_as_someone_waits():
        waiting = "select 1 from pg_locks where not granted"
        while not execute(postgres.address(), waiting):
            time.sleep(0.05)
        postgres.crash()

    crash = threading.Thread(target=crash_as_soon_as_someone_waits)
    with (
        postgres.repaired(),
        closing(psycopg2.connect(postgres.address(database=database))) as holding,
        holding.cursor() as cursor,
    ):
        cursor.execute("lock table claude_code.usage_report in share mode")
        crash.start()
        line = refusal(api)
        crash.join()

    assert line.endswith(REPAIR)
    assert [([FIRST, LAST], DAYS)] == stored(postgres, database)
    history[FIRST] = before
    assert heals(api, postgres, database)


def test_a_full_disk_is_told_and_tears_no_day(api, history, postgres, database):
    """No file of the server may exceed 2 MB, too little for the tools table."""
    load(api)
    history[FIRST] = [record(FIRST, f"user{n}@example.com") for n in range(4000)]
    admin = postgres.address(database=database)
    tools = """
        select count(*) from claude_code.usage_report__tool_actions
        group by date order by date
    """
    with postgres.repaired():
        postgres.crash()
        postgres.start(largest_file=2**21)
        line = refusal(api)
        assert [(4,), (4,)] == execute(admin, tools)

    assert line.endswith(MAKE_ROOM)
    assert 0 == load(api).exit_code
    assert [(16000,), (4,)] == execute(admin, tools)
