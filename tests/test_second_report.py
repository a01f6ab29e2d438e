"""A second report from another API, with two tables, JSON lines and its own host.

`whole_days` does the same for it as for the first report.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial

import httpx
import pyarrow as pa
import pytest

from ccwarehouse.load import Request, load, plan
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.progress import Silence
from claude_code_analytics import CLAUDE_CODE
from loads import NOON, History, execute, load_from, query, record, served
from whole_days.admission import Admission
from whole_days.errors import DayError
from whole_days.ids import content_hash, row_ids
from whole_days.ledger_tables import ACCOUNT
from whole_days.plan import Reason
from whole_days.report import Announced, Day, Report
from whole_days.table import ID, PARENT, Column, Table

KEYS = [ACCOUNT, Column("date", pa.date32(), "UTC day of the build.")]
BUILDS = Table(
    "builds",
    "One row per build.",
    [
        *KEYS,
        Column("project", pa.string(), "What was built."),
        Column("seconds", pa.int64(), "How long it took."),
        Column(ID, pa.string(), "Id of the build."),
    ],
    is_data=True,
)
STEPS = Table(
    "builds__steps",
    "One row per step of a build.",
    [
        *KEYS,
        Column("step", pa.string(), "What it did."),
        Column(PARENT, pa.string(), "Id of the build."),
        Column(ID, pa.string(), "Id of the step."),
    ],
    is_data=True,
)


@dataclass(frozen=True)
class Settings:
    """The settings that every report needs."""

    account: str = "default"
    concurrency: int = 2
    initial_days: int = 3
    lookback: int = 1
    settle: timedelta = timedelta(0)


class Client:
    """A client of the builds' API: one file of JSON lines for a day."""

    def __init__(self, settings, _clock, _contact, *, api):
        self.account = settings.account
        self.admission = Admission(settings.concurrency)
        transport = httpx.MockTransport(api)
        self.http = httpx.AsyncClient(
            base_url="https://builds.example", transport=transport
        )

    async def fetch_days(self, days):
        """One file."""
        (day,) = days
        reply = await self.http.get(f"/{day}.jsonl")
        if reply.status_code != 200:
            raise DayError(f"{reply.status_code} from builds.example")
        self.admission.accept()
        builds = [json.loads(line) for line in reply.iter_lines()]
        return {day: built(builds, day)}

    def redacted(self, text):
        """The text: there are no secrets."""
        return text

    async def aclose(self):
        """Close the connections."""
        await self.http.aclose()


def built(builds, day, account="default"):
    """The lines of a day as rows of both tables."""
    contents = pa.chunked_array([pa.array(map(json.dumps, builds), pa.string())])
    ids = row_ids(contents, str(day)).to_pylist()
    key = {"account": account, "date": day}
    rows = {
        BUILDS.name: BUILDS.of(
            key | {"project": one["project"], "seconds": one["seconds"], ID: row_id}
            for one, row_id in zip(builds, ids, strict=True)
        ),
        STEPS.name: STEPS.of(
            key | {"step": step, PARENT: row_id, ID: f"{row_id}/{step}"}
            for one, row_id in zip(builds, ids, strict=True)
            for step in one["steps"]
        ),
    }
    return Day(
        pages=1,
        records=len(builds),
        counts={name: len(table) for name, table in rows.items()},
        content_hash=content_hash(pa.array(ids, pa.string())),
        rows=rows.__getitem__,
        summary=None,
        names=frozenset(one["project"] for one in builds),
    )


def build(project, *steps):
    """A line of the API."""
    return {"project": project, "seconds": 60, "steps": steps}


class World:
    """The builds' API, and a DuckDB file for its report."""

    def __init__(self, database):
        self.database = database
        self.days = {f"2026-03-0{day}": [build("site", "test")] for day in (7, 8, 9)}
        self.broken = set()
        self.asked = []
        self.report = Report(
            name="builds",
            source="builds_api",
            tables=[BUILDS, STEPS],
            open=partial(Client, api=self.answer),
            announced=Announced(BUILDS.name, "project"),
        )

    def answer(self, request):
        """The JSON lines of a day, or an error for a broken day."""
        day = request.url.path.removeprefix("/").removesuffix(".jsonl")
        self.asked.append(day)
        if day in self.broken:
            return httpx.Response(500)
        lines = map(json.dumps, self.days.get(day, []))
        return httpx.Response(200, text="\n".join(lines))

    def load(self, now=NOON):
        """A nightly load, as for any report: its outcome, and why days were wanted."""
        self.asked.clear()
        with open_warehouse(
            "duckdb", self.database, "claude_code", sole_writer=True
        ) as warehouse:
            stored = warehouse.stored(self.report, "default")
            chosen = plan(Request(), stored, now, Settings())
            outcome = load(
                warehouse, self.report, chosen, Settings(), Silence(), lambda: now
            )
        return outcome, {item.day: item.reason for item in chosen.wanted}

    def held(self):
        """The builds and steps of each day."""
        return query(
            self.database,
            f"""
            select cast(date as text), project, string_agg(step, ' ' order by step)
            from claude_code.builds
            join claude_code.builds__steps using (account, date)
            where builds__steps.{PARENT} = builds.{ID}
            group by all order by all
            """,
        )

    def ledger(self):
        """Each fetch, and the row counts recorded with it."""
        return query(
            self.database,
            """
            select load_number, cast(date as text), status, records, is_changed,
                (
                    select string_agg(row_count, ' ' order by table_name)
                    from claude_code.day_fetches__tables as counts
                    where counts.report = fetches.report
                        and counts.date = fetches.date
                        and counts.load_number = fetches.load_number
                )
            from claude_code.day_fetches as fetches
            where report = 'builds'
            order by load_number, date
            """,
        )


@pytest.fixture
def world(tmp_path):
    """The report before its first load."""
    return World(tmp_path / "usage.duckdb")


LOADED = [(f"2026-03-0{day}", "site", "test") for day in (7, 8, 9)]


@pytest.mark.slow
def test_it_loads_and_is_noted_in_the_ledger(world):
    """The ledger has a row per fetch, with the row counts of both tables."""
    outcome, _ = world.load()

    assert (3, 3, set()) == (len(outcome.loaded), outcome.records, outcome.new_names)
    assert LOADED == world.held()
    assert [
        (1, f"2026-03-0{day}", "complete", 1, True, "1 1") for day in (7, 8, 9)
    ] == world.ledger()


@pytest.mark.slow
def test_it_restates_a_day_and_empties_one(world):
    """Withdrawn records disappear from both tables; other days keep theirs."""
    world.load()
    world.days["2026-03-09"] = [build("site"), build("app", "lint", "test")]
    outcome, _ = world.load()

    assert ({"app"}, 1) == (outcome.new_names, len(outcome.changed))
    assert [*LOADED[:2], ("2026-03-09", "app", "lint test")] == world.held()

    world.days["2026-03-09"] = []
    outcome, _ = world.load()

    assert [date(2026, 3, 9)] == outcome.emptied
    assert LOADED[:2] == world.held()
    assert (3, "2026-03-09", "complete", 0, True, "0 0") == world.ledger()[-1]


@pytest.mark.slow
def test_a_failed_day_keeps_its_rows_and_is_tried_again(world):
    """A day that failed in the first load is loaded by the next one."""
    world.broken = {"2026-03-07"}
    outcome, _ = world.load()

    assert {date(2026, 3, 7): "500 from builds.example"} == outcome.failed
    assert LOADED[1:] == world.held()

    world.broken = set()
    _, reasons = world.load()

    assert Reason.FAILED == reasons[date(2026, 3, 7)]
    assert LOADED == world.held()


@pytest.mark.slow
@pytest.mark.parametrize("table", [BUILDS.name, STEPS.name])
def test_lost_rows_are_noticed_and_healed(world, table):
    """Lost rows of either table are noticed by the ledger's counts."""
    world.load()
    execute(
        world.database, f"delete from claude_code.{table} where date = '2026-03-08'"
    )
    _, reasons = world.load(NOON + timedelta(hours=1))

    assert Reason.DAMAGED == reasons[date(2026, 3, 8)]
    assert LOADED == world.held()


@pytest.mark.slow
def test_a_quiet_night_reads_the_lookback_and_writes_no_row(world):
    """It fetches the last day again, which has not changed."""
    world.load()
    written = query(world.database, "select _dlt_load_id from claude_code.builds")
    outcome, _ = world.load(datetime(2026, 3, 10, 13, tzinfo=NOON.tzinfo))

    assert (["2026-03-09"], []) == (world.asked, outcome.changed)
    assert written == query(
        world.database, "select _dlt_load_id from claude_code.builds"
    )


@pytest.mark.slow
def test_two_reports_in_one_dataset_know_nothing_of_each_other(world):
    """Each report has its own days, load numbers and rows."""
    with served(History({"2026-03-09": [record("2026-03-09")]})) as api:
        load_from(api, world.database)
        load_from(api, world.database)
        world.load()
        load_from(api, world.database, lookback=0)

    assert {1} == {number for number, *_ in world.ledger()}
    assert LOADED == world.held()
    with open_warehouse("duckdb", world.database, "claude_code") as warehouse:
        stored = warehouse.stored(CLAUDE_CODE, "default")
    assert {0, 1} == {day.records for day in stored.values()}
    assert all(day.is_whole for day in stored.values())
