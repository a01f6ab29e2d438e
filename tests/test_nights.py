"""A year of nightly loads needs little more room than its first nights.

Each night adds a day and restates the two days before it. What a night leaves behind
is a row per fetch in the ledger and one in `_dlt_loads`; nothing else may grow.
"""

import time
from datetime import timedelta
from typing import NamedTuple

import pytest

from anthropic_admin_api.fake import FakeApi
from claude_code_analytics import CLAUDE_CODE
from datasets import client_of, opened
from loads import NOON, load_from, record
from soak import at_length, sample

pytestmark = [pytest.mark.slow, pytest.mark.timeout(sample(quick=120, soak=7200))]

NIGHTS = sample(quick=8, soak=400)
FIRST = sample(quick=4, soak=10)  # the night that others are compared with
SHOWN = (FIRST, *range(25, NIGHTS, 25), NIGHTS)
PEOPLE = sample(quick=5, soak=20)
DAYS_BEFORE = sample(quick=3, soak=200)

# Rows that each night adds: a load, three fetches, and notes of each on three tables.
OF_A_NIGHT = {
    "_dlt_loads": 1,
    "day_fetches": 3,
    "day_fetches__claude_code": 3,
    "day_fetches__tables": 9,
}
DATA = ("usage_report", "stored_")
ROOM = 1.5


class Night(NamedTuple):
    """What is there after a night: bytes, rows of each table, and seconds it took."""

    size: int
    rows: dict
    load: float
    status: float


def usage(night):
    """The days as the API tells them in a night: the newest differ each time."""

    def told(day):
        age = (NOON.date() + timedelta(night) - day).days
        metrics = {"num_sessions": 1 + (night if age <= 4 else 0) % 7}
        return [
            record(str(day), f"user{number}@example.com", core_metrics=metrics)
            for number in range(PEOPLE)
        ]

    return told


def nights(place, size):
    """Load night after night; yields what is there after those that are shown."""
    with FakeApi(usage(0)) as api:
        load_from(api, **place, initial_days=DAYS_BEFORE, views=True)
        for night in range(1, NIGHTS + 1):
            api.usage = usage(night)
            began = time.monotonic()
            now = NOON + timedelta(night)
            load_from(api, **place, now=now, views=True)
            loaded = time.monotonic()
            if night in SHOWN:
                rows = rows_of(place)
                asked = time.monotonic()
                with opened(place, read_only=True) as warehouse:
                    warehouse.stored(CLAUDE_CODE, "default")
                seconds = time.monotonic() - asked
                found = Night(size(), rows, loaded - began, seconds)
                print(f"night {night}: {found}", flush=True)  # noqa: T201 - for the soak
                yield night, found


TABLES = """
    select table_schema, table_name from information_schema.tables
    where table_schema in ('claude_code', 'claude_code_staging')
"""


def rows_of(place):
    """How many rows each table has; those of staging have its name before theirs."""
    with client_of(place) as client:
        names = list(client.execute_sql(TABLES))
        return {
            name if schema == "claude_code" else f"staging.{name}": client.execute_sql(
                f'select count(*) from {schema}."{name}"'
            )[0][0]
            for schema, name in names
        }


def require_flat(found):
    """Only the ledger grows, by what a night notes; the rest needs the same room."""
    (_, first), *_, (last_night, last) = found.items()
    assert first.rows.keys() == last.rows.keys()
    grown = {
        table: (rows - first.rows[table]) / (last_night - FIRST)
        for table, rows in last.rows.items()
        if rows != first.rows[table] and not table.startswith(DATA)
    }
    assert OF_A_NIGHT == grown


def test_a_duckdb_file_keeps_its_size(tmp_path):
    """The blocks of replaced rows are used again, so it is about as large as before."""
    place = {"database": tmp_path / "usage.duckdb"}
    found = dict(nights(place, lambda: place["database"].stat().st_size))
    require_flat(found)

    assert found[NIGHTS].size <= ROOM * found[FIRST].size


POSTGRES = """
    select
        cast(sum(pg_total_relation_size(relid)) as bigint),
        cast(sum(pg_indexes_size(relid)) as bigint),
        cast(sum(n_live_tup) as bigint), cast(sum(n_dead_tup) as bigint)
    from pg_stat_user_tables where schemaname like 'claude_code%'
"""


@at_length
def test_postgres_grows_by_its_rows_alone(database, tmp_path):
    """Its own vacuum frees the room of replaced rows, at times of its choice."""
    place = {"database": tmp_path / "none", "destination": "postgres"}

    def size():
        with client_of(place) as client:
            found = tuple(client.execute_sql(POSTGRES)[0])
        print(f"bytes, of indexes, live rows, dead rows: {found}")  # noqa: T201
        return found[0]

    require_flat(dict(nights(place, size)))
