"""The cost of a load in counts: calls, parses, packages, and rows in memory.

No seconds: `make bench` measures those.
"""

import gc
import json
import threading
import time
import weakref
from dataclasses import replace
from datetime import date, timedelta
from functools import partial
from itertools import chain

import dlt
import pyarrow as pa
import pyarrow.json as pj
import pytest
from dlt.common.destination import Destination

from anthropic_admin_api.fake import DEMO_API_KEY
from api import DAY, EXAMPLE, Script, fetch_one, page, tables, user
from ccwarehouse import load as loading
from ccwarehouse.load import Request, plan, portions
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses.duckdb_file import hold_file
from ccwarehouse.words.progress import Silence
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import NOON, History, load_from, record, served
from whole_days.calendar import Calendar, each_day
from whole_days.package import packed
from whole_days.plan import StoredDay
from whole_days.report import DayFetch

TABLES = CLAUDE_CODE.all_tables

LAST = date(2026, 3, 9)
FIRST = LAST - timedelta(days=140)
DAYS = list(each_day(FIRST, LAST))
CALENDAR = Calendar(NOON, timedelta(minutes=90))


# the API


@pytest.mark.slow
def test_a_backfill_asks_for_each_page_once(tmp_path):
    """A call per day and page, and none of them twice."""
    long = str(DAYS[-9])  # a day of three pages
    history = History({str(day): [record(str(day))] for day in DAYS[-10:]})
    history[long] = [record(long, f"{number}@example.com") for number in range(2_500)]
    with served(history) as api:
        load_from(api, tmp_path / "usage.duckdb", str(DAYS[-100]), str(LAST))
        asked = [
            (call.query["starting_at"], "page" in call.query) for call in api.calls
        ]

    expected = [(str(day), False) for day in DAYS[-100:]] + 2 * [(long, True)]
    assert sorted(expected) == sorted(asked)


def test_a_reply_is_parsed_once(monkeypatch):
    """Arrow reads each reply once, whatever it holds and however long it is."""
    parsed = []
    parse = pj.read_json

    def noted(source, **options):
        parsed.append(source.size() - len(b'{"reply":}'))
        return parse(source, **options)

    monkeypatch.setattr(pj, "read_json", noted)
    people = [user(f"{number}@example.com") for number in range(50)]
    pages = [page(*people, next_page="a"), page(*people[:7], next_page="b"), page()]
    fetch_one(Script(*pages))

    assert [len(page["content"]) for page in pages] == parsed


# work and memory in Python


def body(records):
    """A reply with this many records, each of another user."""
    one = json.dumps(EXAMPLE)
    people = (one.replace("dev@", f"{number}@") for number in range(records))
    return f'{{"data": [{", ".join(people)}]}}'.encode()


@pytest.mark.slow
def test_a_long_package_needs_no_more_memory_than_a_short_one(monkeypatch):
    """Beside what was fetched, the rows of one chunk are held at a time."""
    monkeypatch.setattr("whole_days.package.CHUNK_RECORDS", 1_000)

    content = body(250)

    def most_held(days):
        fetches = [DayFetch(day, NOON, tables(content)) for day in DAYS[:days]]
        package = packed(CLAUDE_CODE, "default", fetches, {}, CALENDAR)
        before, most = pa.total_allocated_bytes(), 0
        for _ in chain(*map(package.chunks, TABLES.values())):
            most = max(most, pa.total_allocated_bytes() - before)
        return most

    short, long = most_held(20), most_held(60)

    assert long < 1.1 * short


def test_of_an_unchanged_day_no_rows_are_made():
    """Its hash is all that is needed of it."""
    day = replace(tables(body(10)), rows=lambda _: pytest.fail("made"))
    stored = {DAY: StoredDay(content_hash=day.content_hash)}
    fetch = DayFetch(DAY, NOON, day)
    package = packed(CLAUDE_CODE, "default", [fetch], stored, CALENDAR)

    sizes = {name: sum(map(len, package.chunks(TABLES[name]))) for name in TABLES}

    assert [0, 0, 0, 1] == list(sizes.values())[:4]


class EnoughError(Exception):
    """Ends a load that the test has watched long enough."""


@pytest.mark.slow
def test_fetching_waits_for_a_slow_warehouse(monkeypatch, tmp_path):
    """While a package is written, a bounded number of records is fetched ahead."""
    monkeypatch.setattr("whole_days.fetch.MAX_RECORDS_AHEAD", 100)
    monkeypatch.setattr(loading, "portions", partial(portions, max_days=1))
    history = History({str(day): 25 * [record(str(day))] for day in DAYS})
    has_begun = threading.Event()

    class Watch(Silence):
        def fetched(self, _):
            has_begun.set()

        def stored(self, _):
            while len(api.calls) > self.stored_days:  # until no more come
                self.stored_days = len(api.calls)
                time.sleep(0.3)
            raise EnoughError

    with (
        served(history) as api,
        open_warehouse(
            "duckdb", tmp_path / "usage.duckdb", "claude_code", sole_writer=True
        ) as warehouse,
    ):
        api.fault = lambda _: len(api.calls) > 1 and has_begun.wait(5) and None
        settings = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY)
        chosen = plan(Request(FIRST, LAST), {}, NOON, settings)
        with pytest.raises(EnoughError):
            loading.load(warehouse, CLAUDE_CODE, chosen, settings, Watch())
        calls = len(api.calls)

    written, waiting, held_up = 1, 100 // 25, settings.concurrency
    assert written + waiting + held_up == calls


@pytest.fixture
def usual_collector():
    """Garbage is collected as in a program of its own: the suite does so less often."""
    of_suite = gc.get_threshold()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*of_suite)


@pytest.mark.slow
@pytest.mark.usefixtures("usual_collector")
def test_a_package_is_freed_before_the_next_one_is_made(monkeypatch, tmp_path):
    """Two at once would need twice the memory."""
    made, alive = [], []

    def noted(*args):
        alive.append(sum(package() is not None for package in made))
        package = packed(*args)
        made.append(weakref.ref(package))
        return package

    monkeypatch.setattr(loading, "portions", partial(portions, max_days=1))
    monkeypatch.setattr(loading, "packed", noted)
    days = [str(day) for day in DAYS[-4:]]
    with served(History({day: [record(day)] for day in days})) as api:
        load_from(api, tmp_path / "usage.duckdb", days[0], days[-1])

    assert [0, 0, 0, 0] == alive


# the warehouse


@pytest.fixture
def warehouse(tmp_path):
    """A new DuckDB file, open as a load opens it."""
    database = tmp_path / "new.duckdb"
    with open_warehouse(
        "duckdb", database, "claude_code", sole_writer=True
    ) as warehouse:
        yield warehouse


def test_a_year_of_small_days_is_a_handful_of_packages():
    """The fixed cost of a package is paid four times for a year."""
    year = each_day(date(2026, 1, 1), date(2026, 12, 31))
    fetches = (DayFetch(day, NOON) for day in year)

    assert 4 == len(list(portions(fetches)))


@pytest.mark.slow
def test_after_many_packages_duckdb_may_use_as_much_memory_as_before(warehouse):
    """A package lowers DuckDB's memory limit and restores it."""
    much = "select count(distinct repeat('x', 100) || i) from range(1000000) as t (i)"
    with warehouse.client() as client:
        client.execute_sql("set temp_directory = ''")
        before = limit(client)
    for _ in range(3):
        warehouse.write(packed(CLAUDE_CODE, "default", [], {}, CALENDAR))
    with warehouse.client() as client:
        assert before == pytest.approx(limit(client), rel=0.02)
        assert [(1_000_000,)] == client.execute_sql(much)


@pytest.mark.slow
def test_after_a_package_nothing_is_left_to_write_and_little_is_held(
    warehouse, tmp_path
):
    """Otherwise DuckDB would hold it all in memory when the file closes."""
    content = body(2_000)
    held = """
        select sum(memory_usage_bytes + temporary_storage_bytes) from duckdb_memory()
    """
    fetches = (DayFetch(day, NOON, tables(content)) for day in DAYS[:30])
    warehouse.write(packed(CLAUDE_CODE, "default", fetches, {}, CALENDAR))

    assert not (tmp_path / "new.duckdb.wal").exists()
    with warehouse.client() as client:
        assert client.execute_sql(held)[0][0] < 64 * 10**6


def test_duckdb_writes_with_one_thread_and_answers_with_all(warehouse):
    """During a package the other processors are left to fetching."""
    during = []
    threads = "select current_setting('threads')"

    def of_file():
        with warehouse.client() as client:
            return client.execute_sql(threads)[0][0]

    def rows(table):
        during.append(of_file())
        return content.rows(table)

    content, before = tables(body(1)), of_file()
    fetch = DayFetch(DAY, NOON, replace(content, rows=rows))
    warehouse.write(packed(CLAUDE_CODE, "default", [fetch], {}, CALENDAR))

    assert [1, 1, 1] == during
    assert before == of_file()


def test_each_writer_vacuums_a_little_as_it_closes_the_file(tmp_path):
    """The vacuum does one task: all tasks at once would need too much memory."""
    tasks = "select current_setting('max_vacuum_tasks')"
    database = tmp_path / "new.duckdb"
    for access in ({"sole_writer": True}, {}):
        with (
            open_warehouse("duckdb", database, "claude_code", **access) as warehouse,
            warehouse.client() as client,
        ):
            assert [(1,)] == client.execute_sql(tasks)


@pytest.mark.slow
def test_what_is_restated_every_night_does_not_pile_up(tmp_path):
    """When a load closes the file, DuckDB's vacuum removes some deleted rows."""
    database = tmp_path / "new.duckdb"
    days = "select day from range({}, {}) as t (day), range(5_000)"
    kept = """
        select sum(count) from pragma_storage_info('usage')
        where column_name = 'day' and segment_type <> 'VALIDITY'
    """
    for night in range(20):
        with (
            open_warehouse("duckdb", database, "nights", sole_writer=True) as warehouse,
            warehouse.client() as client,
        ):
            with warehouse.engine.writing(warehouse.pipeline, replaces=True):
                client.execute_sql("create table if not exists main.usage (day bigint)")
                client.execute_sql(f"delete from main.usage where day >= {night - 3}")
                new = days.format(max(night - 3, 0), night + 1)
                client.execute_sql(f"insert into main.usage {new}")
            client.execute_sql("create or replace view main.days as from main.usage")

    with hold_file(database) as file:
        assert file.execute(kept).fetchone()[0] < 2 * 20 * 5_000


def test_duckdb_can_do_all_that_dlt_says_it_can(warehouse, tmp_path):
    """Our destination keeps dlt's capabilities, and runs one job after another."""
    usual = dlt.destinations.duckdb(str(tmp_path / "usual.duckdb")).capabilities()
    ours = warehouse.pipeline.destination.capabilities()

    assert {**usual, "loader_parallelism_strategy": "sequential"} == dict(ours)


def limit(client):
    """How much memory DuckDB says it may use, in its units."""
    ((text,),) = client.execute_sql("select current_setting('memory_limit')")
    return float(text.split()[0])


def test_a_destination_is_configured_once(tmp_path, monkeypatch):
    """However often dlt asks, and whatever dlt does to an earlier answer."""
    asked = []
    place = "duckdb", tmp_path / "usage.duckdb", "claude_code"
    with open_warehouse(*place, sole_writer=True) as opened:
        pipeline = opened.pipeline
        client = pipeline.destination_client()
        client.config.create_indexes = None
        monkeypatch.setattr(Destination, "configuration", lambda *_: asked.append(1))

        assert pipeline.destination_client().config.create_indexes is not None
    assert asked == []
