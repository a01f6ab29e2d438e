"""Readers of a Postgres see consistent data during every load."""

import threading
from contextlib import closing, contextmanager
from datetime import date
from itertools import cycle
from pathlib import Path

import psycopg2
import pytest

from anthropic_admin_api.fake import DEMO_API_KEY
from api import MODELS, REPORT, TOOLS, fetch_days
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import NOON, History, load_from, record, served
from postgres import LOADER, READER, execute
from soak import sample
from whole_days.calendar import Calendar
from whole_days.package import packed
from whole_days.plan import StoredDay

DAYS = ("2026-03-08", "2026-03-09")
RELOADS = sample(quick=12, soak=50)
SMALL = [1, 1, 4]  # rows of a day in the three tables
LARGE = [30, 30, 120]


@pytest.fixture
def history():
    return History({day: [record(day)] for day in DAYS})


@pytest.fixture
def api(history):
    with served(history) as api:
        yield api


@pytest.fixture
def warehouse(api, database, tmp_path):
    """An open Postgres warehouse in which both days are loaded."""
    load_from(api, tmp_path, destination="postgres", views=True)
    with open_warehouse("postgres", Path(), "claude_code", sole_writer=True) as opened:
        yield opened


@contextmanager
def reading(address, queries):
    """The answers that a reader gets meanwhile, for each query."""
    seen, stop = {query: set() for query in queries}, threading.Event()
    failures = []

    def read():
        with closing(psycopg2.connect(address)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            for query in cycle(queries):
                if stop.is_set():
                    return
                cursor.execute(query)
                seen[query].update(cursor.fetchall())

    def try_to_read():
        try:
            read()
        except psycopg2.Error as error:
            failures.append(error)

    reader = threading.Thread(target=try_to_read)
    reader.start()
    try:
        yield seen
    finally:
        stop.set()
        reader.join()
    assert [] == failures


def packages(api, history):
    """Packages of the days without end, alternately large and small."""
    settings = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY)
    days = [date.fromisoformat(day) for day in DAYS]
    stored = {day: StoredDay() for day in days}
    for users in cycle([30, 1]):
        for day in DAYS:
            history[day] = [record(day, f"u{n}@example.com") for n in range(users)]
        fetches = fetch_days(days, settings, clock=lambda: NOON)
        yield packed(
            CLAUDE_CODE, "default", fetches, stored, Calendar(NOON, settings.settle)
        )


def test_a_reader_sees_each_day_as_it_was_or_as_it_is(
    api, history, warehouse, postgres, database
):
    """Per table and day, however often days are reloaded and views are replaced."""
    given = ", ".join(f"(date '{day}')" for day in DAYS)
    queries = [
        f"select '{table}', day, count(account) from (values {given}) as days (day)"
        f" left join claude_code.{table} on date = day group by day"
        for table in (REPORT, MODELS, TOOLS)
    ]
    views = [
        f"select count(*) from claude_code_marts.{name}"
        for name in warehouse.build_views()
    ]
    turns = packages(api, history)
    with reading(postgres.address(READER, database), [*queries, *views]) as seen:
        for number in range(RELOADS):
            warehouse.write(next(turns))
            if number % 5 == 0:
                warehouse.build_views()

    expected = {
        (table, date.fromisoformat(day), rows)
        for day in DAYS
        for sizes in (SMALL, LARGE)
        for table, rows in zip((REPORT, MODELS, TOOLS), sizes, strict=True)
    }
    assert expected == set().union(*(seen[query] for query in queries))


OLDER = """
    begin;
    drop view claude_code_marts.tool_acceptance_daily;
    create view claude_code_marts.tool_acceptance_daily as
        select account as organization_id, 1 as a_column_that_went
        from claude_code_marts.stg_usage;
    grant select on claude_code_marts.tool_acceptance_daily to public;
    commit;
"""


def test_no_view_is_missing_while_one_loses_a_column_or_changes_a_type(
    warehouse, postgres, database
):
    """The view and its readers are dropped and created in one transaction."""
    loader, reader = (postgres.address(role, database) for role in (LOADER, READER))
    queries = [
        f"select count(*) from claude_code_marts.{name}"
        for name in warehouse.build_views()
    ]
    columns = "select a_column_that_went from claude_code_marts.tool_acceptance_daily"
    with reading(reader, queries):
        for _ in range(5):
            execute(loader, OLDER)
            execute(reader, columns)
            warehouse.build_views()

    with pytest.raises(psycopg2.errors.UndefinedColumn):
        execute(reader, columns)
