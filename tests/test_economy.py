"""What a load costs, counted: calls, parses, steps per record, statements, packages.

No seconds: `make bench` measures those.
"""

import gc
import json
import re
import sys
import threading
import time
from collections import Counter
from contextlib import contextmanager
from datetime import date, timedelta
from functools import partial
from itertools import count
from math import ceil
from typing import NamedTuple

import dlt
import httpx
import pyarrow as pa
import pyarrow.json as pj
import pytest

from api import DAY, EXAMPLE, KEY, Script, fetch_one, page, tables, user
from ccwarehouse import frugal
from ccwarehouse import load as loading
from ccwarehouse.destinations import open_warehouse
from ccwarehouse.fake_api import DEMO_API_KEY
from ccwarehouse.load import PACKAGE_DAYS, Request, plan, portions
from ccwarehouse.progress import Silence
from ccwarehouse.writer import hold_file
from claude_code_analytics import DayFetch, Package, resolve_settings, usage
from claude_code_analytics.client import WORKERS
from claude_code_analytics.contract import DATA_TABLES, TABLES
from claude_code_analytics.days import Calendar, StoredDay, each_day
from claude_code_analytics.tables import DayTables
from loads import NOON, History, record, served

LAST = date(2026, 3, 9)
FIRST = LAST - timedelta(days=140)
DAYS = list(each_day(FIRST, LAST))
CALENDAR = Calendar(NOON, timedelta(minutes=90))
LONG = "2026-03-01"  # a day of three pages
# What dlt tells a connection, as often as it opens one.
SETTINGS = re.compile("set |pragma |select path from duckdb_databases", re.IGNORECASE)
WRITES = re.compile(r'(insert into|delete from|create table) ("[^(]+")', re.IGNORECASE)


class Night(NamedTuple):
    """What a load asked of the API and of DuckDB, and the tables it made files for."""

    calls: list[tuple]
    statements: list[str]
    settings: list[str]
    files: list[str]

    def heads(self):
        """How often a statement begins with the same three words."""
        return Counter(" ".join(text.split()[:3]) for text in self.statements)

    def writes(self):
        """How often something is inserted, deleted or created, by what and where."""
        found = (WRITES.match(statement) for statement in self.statements)
        texts = (f"{one[1].lower()} {one[2]}" for one in found if one)
        return Counter(text.replace('"', "").strip() for text in texts)


def loaded(api, database, *days):
    """A load as the command line does it, watched by DuckDB's own log."""
    settings = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY)
    calls = len(api.calls)
    with open_warehouse(
        "duckdb", database, "claude_code", sole_writer=True
    ) as warehouse:
        with warehouse.client() as client:
            client.execute_sql("call enable_logging('QueryLog')")
        stored = warehouse.stored(settings.account)
        chosen = plan(Request(*days), stored, NOON, settings)
        loading.load(warehouse, chosen, settings, Silence(), clock=lambda: NOON)
        warehouse.build_views()
        with warehouse.client() as client:
            query = "select message from duckdb_logs where type = 'QueryLog'"
            log = [text.strip() for (text,) in client.execute_sql(query)]
        ((package,),) = [warehouse.pipeline.last_trace.last_load_info.load_packages]
    return Night(
        [(call.query["starting_at"], "page" in call.query) for call in api.calls][
            calls:
        ],
        [text for text in log if not SETTINGS.match(text)],
        [text for text in log if SETTINGS.match(text)],
        [job.job_file_info.table_name for job in package.jobs["completed_jobs"]],
    )


@pytest.fixture(scope="module")
def nights(tmp_path_factory):
    """Loads of one warehouse, one after the other: what each of them cost."""
    database = tmp_path_factory.mktemp("economy") / "usage.duckdb"
    history = History({str(day): [record(str(day))] for day in DAYS[-10:]})
    history[LONG] = [record(LONG, f"{number}@example.com") for number in range(2_500)]
    with served(history) as api:
        first = loaded(api, database, FIRST, LAST)
        same = loaded(api, database)
        history.update({str(day): [] for day in DAYS[-3:-1]})
        history[str(LAST)] = [record(str(LAST), "eve@example.com")]
        return {
            "first": first,
            "nothing changed": same,
            "nothing of many days changed": loaded(api, database, FIRST, DAYS[99]),
            "three days changed": loaded(api, database),
        }


# the API


def test_a_backfill_asks_for_each_page_once(nights):
    """A call per day and page, and none of them twice."""
    expected = [(str(day), False) for day in DAYS] + 2 * [(LONG, True)]

    assert sorted(expected) == sorted(nights["first"].calls)


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
    """A reply with so many records, each of another user."""
    one = json.dumps(EXAMPLE)
    people = (one.replace("dev@", f"{number}@") for number in range(records))
    return f'{{"data": [{", ".join(people)}]}}'.encode()


@pytest.fixture
def prepare(tmp_path):
    """Bring a day of 1,000 or 9,000 records from the reply to the files to load."""
    bodies = {records: body(records) for records in (1_000, 9_000)}
    names = map("pipeline_{}".format, count())

    def run(records):
        reply = httpx.Response(200, content=bodies[records])
        pipeline = dlt.pipeline(
            next(names),
            destination=dlt.destinations.duckdb(str(tmp_path / "none.duckdb")),
            pipelines_dir=str(tmp_path),
        )
        transport = httpx.MockTransport(lambda _: reply)
        pipeline.extract(usage([DAY], api_key=KEY, transport=transport))
        pipeline.normalize()

    run(1_000)  # and what a process does once
    return run


@contextmanager
def called():
    """Counts the functions that are called, in all new threads as well."""
    counts = Counter()

    def note(_frame, event, _argument):
        counts["calls"] += event in {"call", "c_call"}

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield counts
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@contextmanager
def made():
    """Counts, in hundreds, the lists, dicts and tuples that are made and kept."""
    counts = Counter()

    def sweep(phase, _):
        counts["hundreds"] += phase == "start"

    gc.collect()
    usual = gc.get_threshold()
    gc.set_threshold(100, *usual[1:])
    gc.callbacks.append(sweep)
    try:
        yield counts
    finally:
        gc.callbacks.remove(sweep)
        gc.set_threshold(*usual)


def test_all_python_does_for_a_record_is_its_id(prepare):
    """From the reply to the file that is loaded: the four calls that make the hash."""
    with called() as few:
        prepare(1_000)
    with called() as many:
        prepare(9_000)

    assert 4 == round((many["calls"] - few["calls"]) / 8_000)


def test_no_record_becomes_a_list_or_a_dict(prepare):
    """From the reply to the file: 8,000 records more are no 8,000 containers."""
    with made() as few:
        prepare(1_000)
    with made() as many:
        prepare(9_000)

    assert many["hundreds"] - few["hundreds"] < 40


def test_a_fetched_day_holds_no_object_per_record():
    """The rows are Arrow's: twice the records are as many objects of Python's."""

    def held(records):
        content = body(records)
        before = sys.getallocatedblocks()
        day = tables(content)
        return sys.getallocatedblocks() - before, day

    held(1_000)
    (few, _one), (many, _two) = held(1_000), held(2_000)

    assert abs(many - few) < 100


def test_a_long_package_needs_no_more_memory_than_a_short_one(monkeypatch):
    """Rows are let go as they are read, chunk by chunk."""
    monkeypatch.setattr("claude_code_analytics.package.CHUNK_RECORDS", 1_000)

    content = body(250)

    def most_held(days):
        before, most = pa.total_allocated_bytes(), 0
        fetches = (
            DayFetch("default", day, NOON, 1, tables(content)) for day in DAYS[:days]
        )
        package = Package(fetches, {}, CALENDAR, "default")
        for _ in zip(*map(package.chunks, TABLES), strict=False):
            most = max(most, pa.total_allocated_bytes() - before)
        return most

    short, long = most_held(20), most_held(60)

    assert long < 1.1 * short


def test_of_an_unchanged_day_no_rows_are_made(monkeypatch):
    """Its hash is all that is needed of it, and what it held is let go."""
    day = tables(body(10))
    stored = {DAY: StoredDay(content_hash=day.content_hash)}
    monkeypatch.setattr(DayTables, "rows", property(lambda _: pytest.fail("made")))
    fetch = DayFetch("default", DAY, NOON, 1, day)
    package = Package([fetch], stored, CALENDAR, "default")

    assert [1] == [len(rows) for rows in package.chunks("day_fetches")]
    assert {} == day.parts


class EnoughError(Exception):
    """The end of a load that was watched for long enough."""


def test_fetching_waits_for_a_slow_warehouse(monkeypatch, tmp_path):
    """While a package is written, a bounded number of records is fetched ahead."""
    monkeypatch.setattr("claude_code_analytics.fetch.MAX_RECORDS_AHEAD", 100)
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
            loading.load(warehouse, chosen, settings, Watch())
        calls = len(api.calls)

    written, waiting, held_up = 1, 100 // 25, settings.concurrency + WORKERS
    assert written + waiting + held_up == calls


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
    """What a package costs in itself is paid four times a year."""
    year = each_day(date(2026, 1, 1), date(2026, 12, 31))
    fetches = (DayFetch("default", day, NOON) for day in year)

    assert 4 == sum(1 for portion in portions(fetches) if list(portion))


def test_a_first_backfill_is_written_straight_into_its_tables(nights):
    """One insert per table and package, nothing is staged, nothing is deleted."""
    packages = ceil(len(DAYS) / PACKAGE_DAYS)
    expected = {
        f"insert into claude_code.{table}": packages
        for table in (*TABLES, "_dlt_loads")
    }
    found = nights["first"].writes()

    assert expected == {text: found[text] for text in expected}
    assert [] == [text for text in found if "staging" in text or "delete" in text]


def test_when_nothing_changed_only_the_ledger_is_written(nights):
    """No statement and no file for the tables of the data."""
    expected = {
        "insert into claude_code.day_fetches": 1,
        "insert into claude_code._dlt_loads": 1,
    }
    night = nights["nothing changed"]

    assert (expected, ["day_fetches"]) == (night.writes(), night.files)


def test_a_nightly_load_reads_each_table_once(nights):
    """Once to count its rows; besides, the models are listed, the views' table seen."""
    reads = Counter(
        table
        for text in nights["nothing changed"].statements
        for table in DATA_TABLES
        if re.match("select", text) and f'claude_code"."{table}"' in text
    )

    assert [2, 2, 1] == [reads[table] for table in DATA_TABLES]


def test_more_days_are_no_more_statements(nights):
    """A hundred days that are read again cost what three of them do."""
    few, many = nights["nothing changed"], nights["nothing of many days changed"]

    assert (3, 100) == (len(few.calls), len(many.calls))
    assert few.heads() == many.heads()


def test_days_that_changed_are_replaced_together(nights):
    """Per table: one file, staged, one delete and one insert for all three days."""
    found = nights["three days changed"].writes()
    of_data = {text: found[text] for text in found if "usage_report" in text}
    expected = {
        f"{verb} {dataset}.{table}": 1
        for table in DATA_TABLES
        for verb in ("insert into", "delete from")
        for dataset in ("claude_code", "claude_code_staging")
    }
    created = {f"create table claude_code_staging.{table}": 1 for table in DATA_TABLES}

    assert {**expected, **created} == of_data


def test_after_many_packages_duckdb_may_use_as_much_memory_as_before(warehouse):
    """What it wrote leaves its memory by a limit that is lifted again."""
    much = "select count(distinct repeat('x', 100) || i) from range(1000000) as t (i)"
    with warehouse.client() as client:
        client.execute_sql("set temp_directory = ''")
        before = limit(client)
    for _ in range(3):
        warehouse.write(Package([], {}, CALENDAR, "default"))
    with warehouse.client() as client:
        assert before == pytest.approx(limit(client), rel=0.02)
        assert [(1_000_000,)] == client.execute_sql(much)


def test_after_a_package_nothing_is_left_to_write_or_to_hold(warehouse, tmp_path):
    """What DuckDB keeps until the file is closed would all be in memory then."""
    content = body(2_000)
    held = """
        select sum(memory_usage_bytes + temporary_storage_bytes) from duckdb_memory()
    """
    fetches = (DayFetch("default", day, NOON, 1, tables(content)) for day in DAYS[:30])
    warehouse.write(Package(fetches, {}, CALENDAR, "default"))

    assert not (tmp_path / "new.duckdb.wal").exists()
    assert warehouse.file.execute(held).fetchone()[0] < 5 * 2**20


def test_duckdb_writes_with_one_thread_and_answers_with_all(warehouse):
    """Whatever the machine has is left to fetching, and only meanwhile."""
    during = []
    threads = "select current_setting('threads')"

    def none():
        during.extend(warehouse.file.execute(threads).fetchone())
        yield from ()

    before = warehouse.file.execute(threads).fetchone()
    warehouse.write(Package(none(), {}, CALENDAR, "default"))

    assert [1] == during
    assert before == warehouse.file.execute(threads).fetchone()


def test_what_days_replace_is_cleared_away_when_the_file_is_closed(nights):
    """Not after each package: all rows that lie beside would be written anew."""
    given_up = {
        name: night.settings.count("set max_vacuum_tasks = 0")
        for name, night in nights.items()
    }

    assert 1 == given_up.pop("three days changed")
    assert not any(given_up.values())


def test_whoever_closes_the_file_clears_some_of_it_away(tmp_path):
    """All of it at once would be held in memory."""
    tasks = "select current_setting('max_vacuum_tasks')"
    database = tmp_path / "new.duckdb"
    for access in ({"sole_writer": True}, {}):
        with (
            open_warehouse("duckdb", database, "claude_code", **access) as warehouse,
            warehouse.client() as client,
        ):
            assert [(1,)] == client.execute_sql(tasks)


def test_what_is_restated_every_night_does_not_pile_up(tmp_path):
    """Of the deleted rows a load clears some away when it closes the file."""
    database = tmp_path / "new.duckdb"
    days = "select day from range({}, {}) as t (day), range(5_000)"
    kept = """
        select sum(count) from pragma_storage_info('usage')
        where column_name = 'day' and segment_type <> 'VALIDITY'
    """
    changed = {DAY: StoredDay(content_hash="another")}
    fetch = DayFetch("default", DAY, NOON, 1, tables(body(1)))
    package = Package([fetch], changed, CALENDAR, "default")
    assert list(package.chunks("day_fetches"))
    for night in range(20):
        with hold_file(database) as file:
            with frugal.writing(file, package):
                file.execute("create table if not exists usage (day bigint)")
                file.execute(f"delete from usage where day >= {night - 3}")
                file.execute(
                    f"insert into usage {days.format(max(night - 3, 0), night + 1)}"
                )
            file.execute("create or replace view days as from usage")

    with hold_file(database) as file:
        assert file.execute(kept).fetchone()[0] < 2 * 20 * 5_000


def test_duckdb_can_do_all_that_dlt_says_it_can(warehouse, tmp_path):
    """It is told so without a configuration, and runs one job after another."""
    usual = dlt.destinations.duckdb(str(tmp_path / "usual.duckdb")).capabilities()
    ours = warehouse.pipeline.destination.capabilities()

    assert {**usual, "loader_parallelism_strategy": "sequential"} == dict(ours)


def limit(client):
    """How much memory DuckDB says it may use, in its units."""
    ((text,),) = client.execute_sql("select current_setting('memory_limit')")
    return float(text.split()[0])
