"""SIGKILL at any moment of a load: committed days stay, and the next load repairs.

Each load runs in its own process with packages of two days, and is killed at a random
time after a random step. The next load starts in the same folder, or on a new machine
with only the DuckDB file, with or without its write-ahead log.
"""

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache, partial
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Timer
from typing import NamedTuple

import duckdb
import pytest

from anthropic_admin_api.fake import FakeApi
from ccwarehouse.load import Request, plan
from ccwarehouse.neighbours import OF_DAYS
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import NOON, History, execute, load_from, record, stored_rows
from processes import Forking
from soak import at_length, dice, sample
from test_directory import current
from whole_days.calendar import each_day
from whole_days.report import Report

FIRST, LAST = date(2026, 3, 4), date(2026, 3, 9)
DAYS = list(each_day(FIRST, LAST))
RANGE = [FIRST.isoformat(), LAST.isoformat()]
KILLS_OF_ONE_STORY = 4
# By step: its weight, the first and last count of it, and the longest delay (seconds)
# until the kill. Days are torn while the jobs of their package end.
STEPS = {
    "began": (1, 1, 1, 0.2),
    "planned": (1, 1, 1, 0.1),
    "fetched": (1, 1, 5, 0.1),
    "Extract": (1, 1, 2, 0.1),
    "Normalize": (1, 1, 2, 0.05),
    "Load": (6, 1, 2, 0.12),
    "Job": (6, 1, 8, 0.01),
    "stored": (1, 1, 2, 0.05),
}
CALL = 0.01  # seconds that the API takes for a day


def people(day, count, sessions=1):
    """Records of a day, each of another person."""
    metrics = {"num_sessions": sessions}
    names = [f"person{number}@example.com" for number in range(count)]
    return [record(str(day), name, core_metrics=metrics) for name in names]


def told_first(day):
    """The API's first records: one day in five is empty."""
    return people(day, (3, 2, 0, 4, 1)[day.toordinal() % 5])


def told_later(day):
    """The same days restated: other values, emptied, filled, other children."""
    restated = (
        people(day, 3, sessions=2),
        people(day, 2, sessions=2),
        people(day, 2),
        [],
        [record(str(day), "person0@example.com", tool_actions={})],
    )
    return restated[day.toordinal() % 5]


HISTORIES = [
    History({str(day): told(day) for day in DAYS}) for told in (told_first, told_later)
]


def tell_usage(api, history):
    """Let the API tell these records."""
    api.usage = history


def tell_results(api, history):
    """Let the reports in buckets tell a result for each of these records."""

    def results(day, _today):
        return [as_result(record) for record in history(day)]

    api.neighbours.costs = api.neighbours.messages = results


def as_result(record):
    """A result that differs where the records do; it fits the bill and the tokens."""
    sessions = record["core_metrics"]["num_sessions"]
    return {
        "workspace_id": record["actor"]["email_address"],
        "description": f"{len(record['tool_actions'])} tools",
        "currency": "USD",
        "amount": f"{sessions}.5",
        "model": f"{sessions} sessions",
        "output_tokens": sessions,
    }


def tell_rows(api, history):
    """Let the reports in rows tell a row for each of these records."""

    def told(metrics, *names):
        def rows(day, _today):
            return [
                as_row(as_result(record), metrics, names) for record in history(day)
            ]

        return rows

    api.neighbours.analytics_cost = told("cost", "amount", "currency")
    api.neighbours.analytics_usage = told("usage", "output_tokens")


def as_row(result, metrics, names):
    """The same by group, which is another for each record of a day."""
    group = {name: result[name] for name in ("workspace_id", "model")}
    return {
        "group": group | {"product": result["description"]},
        metrics: {name: result[name] for name in names},
    }


@dataclass(frozen=True, eq=False)
class Subject:
    """What is loaded: a report, and how the API tells a history of it."""

    report: Report
    tell: Callable

    @property
    def tables(self):
        """The tables of its rows."""
        return [table.name for table in self.report.tables]


USAGE = Subject(CLAUDE_CODE, tell_usage)
BILL, TOKENS = (
    Subject(OF_DAYS[name], tell_results) for name in ("cost_report", "messages_usage")
)
BILL_BY_ACTOR, TOKENS_BY_ACTOR = (
    Subject(OF_DAYS[name], tell_rows) for name in ("analytics_cost", "analytics_usage")
)


@pytest.fixture(scope="module")
def api():
    """The API, slow enough to kill a load while it fetches."""
    with FakeApi(HISTORIES[0], now=lambda: NOON) as api:
        api.fault = lambda request: replace(api.answer(request), stall=CALL)
        yield api


@pytest.fixture(scope="module")
def undisturbed(api, tmp_path_factory):
    """The results of loads of a subject that were not killed, by what they loaded."""

    @cache
    def of(subject):
        folder = tmp_path_factory.mktemp("undisturbed")

        def loaded(name, history, first=FIRST):
            subject.tell(api, history)
            days = (str(first), str(LAST))
            load_from(api, folder / name, *days, report=subject.report)
            return folder / name

        return {
            "every day": loaded("every_day.duckdb", HISTORIES[0]),
            "every day restated": loaded("restated.duckdb", HISTORIES[1]),
            "newest days": loaded("newest_days.duckdb", HISTORIES[0], DAYS[-2]),
        }

    return of


@pytest.fixture(scope="module")
def databases(undisturbed):
    """Those of the usage report."""
    return undisturbed(USAGE)


def truth_of(subject, databases):
    """The rows that belong to each fetch in the ledger: (day, fetch) -> rows."""
    rows_of = {}
    for database in databases.values():
        with duckdb.connect(database, read_only=True) as connection:
            held = rows(connection, subject)
            for day, fetch in ledger(connection, subject).items():
                rows_of[day, fetch] = held[day]
    return rows_of


class Loads(Forking):
    """Starts loads that report their steps."""

    def __init__(self):
        super().__init__("kill_process.py")

    def start(self, **order):
        """Start one; returns its number."""
        return int(self.order(**order).split()[1])

    def steps(self):
        """What the running load reports until it ends, and "ended" with its code."""
        for line in self.replies:
            yield line.split()
            if line.startswith("ended"):
                break


@pytest.fixture(scope="module")
def loads():
    with closing(Loads()) as loads:
        yield loads


class Machines:
    """Where loads run: each on the same machine as the one before, or on a new one."""

    def __init__(self, folder, dice, loads):
        self._folder, self.dice, self._count = folder, dice, 0
        self._loads = loads
        self._renew()

    def _renew(self):
        self._count += 1
        self.machine = self._folder / f"machine{self._count}"
        self.machine.mkdir()

    def run(self, moment=None, **order):
        """Run a load until it ends or is killed at its moment.

        Returns what it reported, its exit code, and the machine it ran on.
        """
        machine = self.machine
        number = self._loads.start(folder=str(machine), **order)
        told = run_until(self._loads.steps(), number, moment)
        if self.dice.random() < 0.5:
            self._renew()
        _, code = told.pop()
        return told, int(code), machine


def kill(number):
    """Kill a process with SIGKILL, if it has not ended."""
    with suppress(ProcessLookupError):
        os.kill(number, signal.SIGKILL)


@pytest.fixture
def machines(tmp_path, request, loads):
    return Machines(tmp_path, dice(request.node.name), loads)


class Moment(NamedTuple):
    """When to kill: `delay` seconds after a step was reported the `count`th time."""

    step: str
    count: int
    delay: float

    def has_come(self, told):
        return self.count == sum(step == self.step for step, *_ in told)


def run_until(steps, number, moment):
    """What a load reported until it ended or was killed at its moment."""
    told = []
    watchdog = Timer(60, kill, [number])
    watchdog.start()
    for step in steps:
        told.append(step)
        if moment and moment.has_come(told):
            time.sleep(moment.delay)
            kill(number)
            moment = None
    watchdog.cancel()
    return told


@contextmanager
def looked_into(database, subject):
    """A copy to inspect: opening the file itself would change what the kill left.

    Yields a connection to it and a function that returns the days a load would fetch.
    """
    with TemporaryDirectory() as folder:
        for file in with_log(database):
            shutil.copy(file, folder)
        copy = Path(folder, database.name)
        with duckdb.connect(copy) as connection:
            yield connection, partial(wanted_days, copy, subject)


def with_log(database):
    """A DuckDB file and its write-ahead log, if they exist."""
    files = [database, database.with_name(f"{database.name}.wal")]
    return [file for file in files if file.exists()]


LEDGER = """
    select
        fetches.date, content_hash, records,
        (
            select string_agg(counts.row_count, ' ' order by counts.table_name)
            from claude_code.day_fetches__tables as counts
            where counts.date = fetches.date and counts.report = fetches.report
                and counts._dlt_load_id = fetches._dlt_load_id
        ) as row_counts
    from claude_code.day_fetches as fetches
    join claude_code._dlt_loads as loads on loads.load_id = fetches._dlt_load_id
    where fetches.status = 'complete' and fetches.report = '{report}'
    qualify row_number() over (
        partition by fetches.date
        order by fetches.fetched_at desc, loads.inserted_at desc
    ) = 1
"""


def ledger(connection, subject):
    """The last counted fetch of each day that has one."""
    query = LEDGER.format(report=subject.report.name)
    return {day: tuple(fetch) for day, *fetch in found(connection, query)}


def rows(connection, subject):
    """The rows of each day in the subject's tables, without their load ids."""
    held = {day: [] for day in DAYS}
    for table in subject.tables:
        rest = "columns(lambda name: name not in ('_dlt_load_id', 'date'))"
        select = f"select date, {rest} from claude_code.{table}"
        for day, *row in sorted(found(connection, select), key=repr):
            held[day].append((table, *row))
    return held


def found(connection, select):
    """The rows of a query; none if its table does not exist yet."""
    try:
        return connection.sql(select).fetchall()
    except duckdb.CatalogException:
        return []


def untrue_days(connection, subject, truth):
    """Days whose rows are not those of their last counted fetch.

    A day without such a fetch is untrue if it has rows.
    """
    fetches, held = ledger(connection, subject), rows(connection, subject)
    told = {day: truth[day, fetches[day]] if day in fetches else [] for day in DAYS}
    return {day for day in DAYS if held[day] != told[day]}


def wanted_days(database, subject, now):
    """The days that a nightly load at `now` would fetch."""
    settings = resolve_settings(lookback=0, initial_days=len(DAYS))
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        stored = warehouse.stored(subject.report, settings.account)
    return {item.day for item in plan(Request(), stored, now, settings).wanted}


class Story:
    """One database, loads that are killed, and what must hold after each."""

    def __init__(self, database, api, subject, truth, machines):
        self.database, self.api = database, api
        self.subject, self.truth = subject, truth
        self.machines, self.dice = machines, machines.dice
        self.runs = 0
        self.kills = Counter()
        self.torn = 0

    @property
    def now(self):
        return NOON + timedelta(minutes=self.runs)

    def run(self, days, moment=None):
        """Run a load and kill it at a moment; True if it ended before."""
        self.runs += 1
        told, code, machine = self.machines.run(
            moment,
            url=self.api.url,
            database=str(self.database),
            initial_days=len(DAYS),
            now=self.now.isoformat(),
            range=days,
            report=self.subject.report.name,
        )
        has_ended = told[-1] == ["done"]
        expected = 0 if has_ended else -signal.SIGKILL
        assert expected == code, (machine / "stderr.txt").read_text()
        self._require_kept_promises(told)
        if not has_ended:
            self.kills[told[-1][0]] += 1
            self._maybe_lose_log(machine)
        return has_ended

    def some_moment(self):
        weights = [weight for weight, *_ in STEPS.values()]
        (step,) = self.dice.choices(list(STEPS), weights)
        _, first, last, longest = STEPS[step]
        count = self.dice.randint(first, last)
        return Moment(step, count, self.dice.uniform(0, longest))

    def _require_kept_promises(self, told):
        """Days reported as committed are committed; torn days are fetched again."""
        promised = {day for step, *days in told if step == "stored" for day in days}
        with looked_into(self.database, self.subject) as (connection, wanted):
            untrue = untrue_days(connection, self.subject, self.truth)
            fetched = ledger(connection, self.subject)
            kept = {str(day) for day in fetched.keys() - untrue}
            healed = wanted(self.now)
        self.torn += bool(untrue)
        assert set() == promised - kept
        assert set() == untrue - healed

    def _maybe_lose_log(self, machine):
        """On a new machine the write-ahead log may be missing as well."""
        has_moved = machine != self.machines.machine
        if has_moved and self.dice.random() < 0.5:
            for log in with_log(self.database)[1:]:
                log.unlink()


@pytest.mark.process
@pytest.mark.timeout(sample(quick=300, soak=7200))
@pytest.mark.parametrize(
    ("subject", "stored", "told", "kills"),
    [
        (USAGE, "nothing", HISTORIES[:1], sample(quick=3, soak=60)),
        (USAGE, "newest days", HISTORIES[:1], sample(quick=3, soak=60)),
        (USAGE, "every day", HISTORIES, sample(quick=5, soak=80)),
        (BILL, "nothing", HISTORIES[:1], sample(quick=1, soak=40)),
        (TOKENS, "every day", HISTORIES, sample(quick=2, soak=40)),
        pytest.param(BILL_BY_ACTOR, "every day", HISTORIES, 40, marks=at_length),
        pytest.param(TOKENS_BY_ACTOR, "nothing", HISTORIES[:1], 40, marks=at_length),
    ],
    ids=[
        *("new days", "days before the stored ones", "restated days"),
        *("new days of the bill", "restated days of the tokens"),
        *("restated days of the bill by actor", "new days of the tokens by actor"),
    ],
)
def test_loads_killed_anywhere_end_as_if_undisturbed(
    subject, stored, told, kills, api, undisturbed, machines, tmp_path
):
    """After kills and restarts the tables equal those of loads that were not killed.

    If the API does not change, they equal one undisturbed load's, row for row. If it
    restates days between the kills, each day holds the records of its last completed
    fetch, and no day is torn.
    """
    databases = undisturbed(subject)
    truth = truth_of(subject, databases)
    began, killed, loads, torn = time.monotonic(), Counter(), 0, 0
    while killed.total() < kills:
        database = tmp_path / f"usage{loads}.duckdb"
        if stored != "nothing":
            shutil.copy(databases[stored], database)
        story = Story(database, api, subject, truth, machines)
        for _ in range(KILLS_OF_ONE_STORY):
            subject.tell(api, told[(story.runs + 1) % len(told)])
            days = RANGE if machines.dice.random() < 0.7 else []
            if story.run(days, story.some_moment()):
                break

        subject.tell(api, told[0])
        is_backfill = stored == "newest days" or machines.dice.random() < 0.5
        assert story.run(RANGE if is_backfill else [])
        with looked_into(database, subject) as (connection, wanted):
            assert set() == untrue_days(connection, subject, truth)
            assert set(DAYS) == ledger(connection, subject).keys()
            assert set() == wanted(story.now)
        if len(told) == 1:
            expected = stored_rows(databases["every day"], subject.tables)
            assert expected == stored_rows(database, subject.tables)
        killed, loads, torn = (
            killed + story.kills,
            loads + story.runs,
            torn + story.torn,
        )
    seconds = time.monotonic() - began
    print(f"{loads} loads, {torn} torn, killed after {dict(killed)}, {seconds:.0f} s")  # noqa: T201


@pytest.mark.process
@pytest.mark.timeout(sample(quick=300, soak=3600))
def test_a_snapshot_killed_anywhere_is_stored_whole_or_not_at_all(
    api, machines, tmp_path
):
    """The users are those of the last committed snapshot, and so is its number."""
    database = tmp_path / "usage.duckdb"
    killed, number, held = 0, 0, set()
    while killed < sample(quick=3, soak=60):
        names = machines.dice.sample("abcdefghij", 5)
        api.neighbours.users = lambda _, names=names: [{"id": name} for name in names]
        step = machines.dice.choice(["planned", "Extract", "Load", "Job", "Job", "Job"])
        delay = machines.dice.uniform(0, 0.1)
        count = machines.dice.randint(1, 6 if step == "Job" else 1)
        told, _, machine = machines.run(
            Moment(step, count, delay),
            url=api.url,
            database=str(database),
            initial_days=1,
            now=NOON.isoformat(),
            range=[],
            report="directory",
        )
        killed += told[-1] != ["done"]
        with looked_into(database, None) as (connection, _):
            (stored,) = found(connection, SNAPSHOT) or [(0,)]
        if number < (stored[0] or 0):
            number, held = number + 1, set(names)

        assert number == (stored[0] or 0), (machine / "stderr.txt").read_text()
        assert held == ((number and current(database, "users", "user_id")) or set())


SNAPSHOT = """
    select max(snapshot_number) from claude_code.snapshots
    join claude_code._dlt_loads on load_id = _dlt_load_id and status = 0
"""
LAST_LOAD = "select max(load_id) from claude_code._dlt_loads"


@pytest.mark.slow
def test_rows_of_a_first_backfill_cut_short_are_wanted(api, databases, tmp_path):
    """Days before the first fetched one are fetched again if a load left rows."""
    database = Path(shutil.copy(databases["newest days"], tmp_path))
    api.usage = HISTORIES[0]
    load_from(api, database, str(DAYS[1]), str(DAYS[1]))
    execute(
        database, f"delete from claude_code._dlt_loads where load_id = ({LAST_LOAD})"
    )

    assert set(DAYS[1:-2]) == wanted_days(database, USAGE, NOON)


@pytest.mark.slow
def test_a_fetch_noted_before_its_load_was_cut_short_is_not_believed(
    api, databases, tmp_path
):
    """A day that was never written does not count as unchanged when fetched again."""
    database = Path(shutil.copy(databases["every day"], tmp_path))
    execute(
        database,
        f"""
        attach '{databases["every day restated"]}' as restated;
        insert into claude_code.day_fetches
        select * replace ('cut short' as _dlt_load_id)
        from restated.claude_code.day_fetches
        """,
    )
    api.usage = HISTORIES[1]
    load_from(api, database, *RANGE)

    assert stored_rows(databases["every day restated"]) == stored_rows(database)
