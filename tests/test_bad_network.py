"""A backfill over a bad network: one call in ten fails, and every number is right.

The tests sum the fake's records in plain Python and compare.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest

from anthropic_admin_api.fake import (
    DEMO_API_KEY,
    FakeApi,
    Response,
    directory,
    error,
)
from anthropic_directory import take
from anthropic_usage_and_cost import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    COST_REPORT,
    MESSAGES_USAGE,
)
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import resolve_settings
from loads import load_from, query, record
from soak import sample
from test_directory import current

pytestmark = pytest.mark.process

PROGRAM = Path(sys.executable).with_name("ccwarehouse")
FIRST = date(2024, 1, 1)
DAYS = sample(60, 1000)
CALLS = sample(600, 10_000)
PAGE = 3  # records
CONCURRENCY = 6
TIMEOUT = 0.5  # seconds


@dataclass(frozen=True)
class Arrival:
    """A call as the server saw it, and its reply."""

    at: float  # seconds of the server's clock
    call: str
    kind: str
    opens_at: float = 0  # when a 429 allowed the next try


def _refusal(status):
    return lambda answer, rng: error(status, "try again")


def _rate_limit(answer, rng):
    return error(429, "slow down")


def _hung_up(answer, rng):
    raise ConnectionResetError


FAULTS = {  # faults per thousand calls, by kind
    "429 for 0.2 s": (10, _rate_limit),
    "429 for 1 s": (2, _rate_limit),
    "429 until a date": (2, _rate_limit),
    "429": (13, _rate_limit),
    "500": (8, _refusal(500)),
    "502 of a proxy": (10, lambda *_: Response(502, {}, b"<html>Bad Gateway</html>")),
    "503": (6, _refusal(503)),
    "504": (6, _refusal(504)),
    "529": (10, _refusal(529)),
    "html": (8, lambda *_: Response(200, {}, b"<!doctype html><title>Sign in</title>")),
    "truncated": (
        8,
        lambda answer, rng: replace(answer, body=answer.body[: rng.randrange(1, 300)]),
    ),
    "cut": (
        8,
        lambda answer, rng: replace(
            answer, cut_after=rng.randrange(len(answer.body) - 1)
        ),
    ),
    "hung up": (6, _hung_up),
    "stalled": (8, lambda answer, rng: replace(answer, stall=3 * TIMEOUT)),
    "stale cursor": (3, lambda *_: error(410, "the page has expired")),
    "": (892, lambda answer, rng: answer),
}


class Weather:
    """A fault hook: the fault depends on the call's target and its count."""

    def __init__(self, api, seed):
        self.api, self.seed = api, seed
        self.log = []
        self._tries = Counter()
        self._lock = threading.Lock()

    def __call__(self, request):
        # smaller pages: the fake cuts them, and its cursors, by this limit
        target = re.sub(r"limit=\d+", f"limit={PAGE}", request.target)
        request = replace(request, target=target)
        answer = self.api.answer(request)
        with self._lock:
            self._tries[request.target] += 1
            rng = Random(f"{self.seed} {request.target} {self._tries[request.target]}")
            kind = self._kind(request, rng)
            now = time.time()
            opens_at = OPENS_AT.get(kind, lambda now: 0)(now)
            self.log.append(Arrival(now, request.target, kind, opens_at))
        answer = FAULTS[kind][1](answer, rng)
        if not opens_at:
            return answer
        return replace(
            answer, headers=answer.headers | {"retry-after": _wait(kind, opens_at)}
        )

    def _kind(self, request, rng):
        (kind,) = rng.choices([*FAULTS], [share for share, _ in FAULTS.values()])
        has_cursor = "page" in request.query
        return kind if has_cursor or kind != "stale cursor" else ""


OPENS_AT = {
    "429 for 0.2 s": lambda now: now + 0.2,
    "429 for 1 s": lambda now: now + 1,
    "429 until a date": lambda now: float(int(now + 2)),
}


def _wait(kind, opens_at):
    """The header in either of HTTP's forms: seconds, or a date."""
    if kind == "429 until a date":
        return format_datetime(datetime.fromtimestamp(opens_at, UTC), usegmt=True)
    return kind.split()[2]


def usage(day):
    """Up to 20 pages of a day's records, with duplicates and cents in every form."""
    rng = Random(f"{day}")
    return [
        record(
            str(day),
            f"u{rng.randrange(30)}@example.com",
            terminal_type=f"t{rng.randrange(3)}",
            core_metrics={"num_sessions": rng.randrange(50)},
            model_breakdown=[
                {
                    "model": f"m{n}",
                    "estimated_cost": {"currency": "USD", "amount": _cents(rng)},
                }
                for n in range(rng.randrange(3))
            ],
        )
        for _ in range(rng.randrange(20 * PAGE + 1))
    ]


def _cents(rng):
    number = rng.randrange(10**6)
    return rng.choice([number, number / 1000, f"{number}.000000000001"])


def days():
    return [FIRST + timedelta(n) for n in range(DAYS)]


def truth():
    """Per record (day, email, terminal, sessions, cents), straight from the history."""
    return sorted(
        (
            day,
            record["actor"]["email_address"],
            record["terminal_type"],
            record["core_metrics"]["num_sessions"],
            sum(
                Decimal(str(entry["estimated_cost"]["amount"]))
                for entry in record["model_breakdown"]
            ),
        )
        for day in days()
        for record in usage(day)
    )


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A backfill in its own process, with these faults: (summary, log, file)."""
    folder = tmp_path_factory.mktemp("bad_network")
    with FakeApi(usage) as api:
        weather = api.fault = Weather(api, seed=2)
        environment = {
            "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
            "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
            "SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT": "120",
            "SOURCES__CLAUDE_CODE_ANALYTICS__TIMEOUT": f"{TIMEOUT}",
            "SOURCES__CLAUDE_CODE_ANALYTICS__CONCURRENCY": f"{CONCURRENCY}",
            "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
        }
        asked_for = ("--start", str(FIRST), "--end", str(days()[-1]))
        done = subprocess.run(
            [PROGRAM, "load", "--json", *asked_for],
            cwd=folder,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=600,
        )
    assert 0 == done.returncode, done.stderr
    return json.loads(done.stdout), weather.log, folder / "ccwarehouse.duckdb"


def test_one_call_in_ten_went_wrong(loaded):
    """The faults were injected: enough calls, and every kind of fault."""
    _, log, _ = loaded
    kinds = Counter(arrival.kind for arrival in log)
    faults = len(log) - kinds.pop("")

    assert set(FAULTS) - {""} == set(kinds)
    assert len(log) >= CALLS
    assert faults >= 0.095 * len(log)


def test_every_record_arrives_once(loaded):
    """Every day has the API's rows, with exact cents."""
    _, _, database = loaded
    stored = query(
        database,
        """
        select
            date, actor__email_address, terminal_type, core_metrics__num_sessions,
            coalesce(
                (
                    select sum(estimated_cost__amount)
                    from claude_code.usage_report__model_breakdown as model
                    where model._dlt_parent_id = usage_report._dlt_id
                ),
                0
            )
        from claude_code.usage_report
        """,
    )

    assert truth() == sorted(stored)


def test_every_total_is_the_truth(loaded):
    """The tables, the ledger and the summary have the same totals to the last digit."""
    summary, _, database = loaded
    records = truth()
    expected = len(records), sum(row[3] for row in records), sum(r[4] for r in records)
    tables = """
        select count(*), sum(core_metrics__num_sessions), (
            select sum(estimated_cost__amount)
            from claude_code.usage_report__model_breakdown
        )
        from claude_code.usage_report
    """
    ledger = """
        select sum(records), sum(num_sessions), sum(estimated_cost_cents), count(*)
        from claude_code.day_fetches
        join claude_code.day_fetches__claude_code
            using (date, fetched_at, load_number, _dlt_load_id)
        where status = 'complete'
    """

    assert [expected] == query(database, tables)
    assert [(*expected, DAYS)] == query(database, ledger)
    assert (DAYS, {}) == (summary["days_loaded"], summary["days_failed"])
    assert (expected[0], expected[2]) == (
        summary["records"],
        Decimal(summary["cost_usd"]) * 100,
    )


def test_no_call_comes_earlier_than_its_retry_after_allowed(loaded):
    """The next try waits for the given seconds or until the given date."""
    _, log, _ = loaded
    tries = defaultdict(list)
    for arrival in log:
        tries[arrival.call].append(arrival)
    early = [
        (before, after)
        for arrivals in tries.values()
        for before, after in pairwise(arrivals)
        if after.at < before.opens_at
    ]

    assert [] == early
    assert any(arrival.opens_at for arrival in log)


def test_a_retry_after_holds_back_every_other_day_too(loaded):
    """Except calls that were already in flight."""
    _, log, _ = loaded
    on_their_way = [
        sum(other.at < arrival.opens_at for other in log[place + 1 :])
        for place, arrival in enumerate(log)
        if arrival.opens_at
    ]

    assert max(on_their_way) < 2 * CONCURRENCY


def results(day, _today):
    """The results of a day in the bill and in the tokens, with cents in every form."""
    rng = Random(f"results {day}")
    return [
        {
            "workspace_id": f"w{rng.randrange(9)}",
            "description": f"d{number}",
            "model": f"m{number}",
            "amount": str(_cents(rng)),
            "output_tokens": rng.randrange(10**9),
        }
        for number in range(rng.randrange(20))
    ]


def by_group(metrics, numbers):
    """The same results as the reports in rows tell them; here a group is unique."""

    def told(day, today):
        return [
            {
                "group": {name: one[name] for name in ("workspace_id", "model")},
                metrics: {name: one[name] for name in numbers},
            }
            for one in results(day, today)
        ]

    return told


@pytest.mark.parametrize(
    ("report", "names"),
    [
        (ANALYTICS_COST, ("workspace_id", "model", "amount")),
        (ANALYTICS_USAGE, ("workspace_id", "model", "output_tokens")),
        (COST_REPORT, ("workspace_id", "description", "amount")),
        (MESSAGES_USAGE, ("workspace_id", "model", "output_tokens")),
    ],
    ids=lambda given: getattr(given, "name", ""),
)
def test_reports_with_many_days_in_a_call_are_as_exact(report, names, tmp_path):
    """A fault costs a page of a month and no day."""
    is_by_group = report in (ANALYTICS_COST, ANALYTICS_USAGE)
    first, most = (date(2026, 1, 1), 300) if is_by_group else (FIRST, 1500)
    days = [first + timedelta(n) for n in range(sample(150, most))]
    database = tmp_path / "usage.duckdb"
    with FakeApi() as api:
        api.neighbours.costs = api.neighbours.messages = results
        api.neighbours.analytics_cost = by_group("cost", ["amount"])
        api.neighbours.analytics_usage = by_group("usage", ["output_tokens"])
        weather = api.fault = Weather(api, seed=3)
        outcome = load_from(
            api,
            database,
            str(first),
            str(days[-1]),
            now=datetime(2026, 11, 26, tzinfo=UTC),
            report=report,
            max_wait=120,
            timeout=TIMEOUT,
        )
    columns = ", ".join(names)
    found = query(
        database, f"select date, {columns} from claude_code.{report.tables[0].name}"
    )
    told = [
        (
            day,
            *(Decimal(one[name]) if name == "amount" else one[name] for name in names),
        )
        for day in days
        for one in results(day, None)
    ]

    assert {} == outcome.failed
    assert sorted(told) == sorted(found)
    assert sum(arrival.kind != "" for arrival in weather.log) > len(days) / 60


@pytest.mark.parametrize("lists", ["users", "api_keys", "workspaces"])
def test_a_snapshot_is_as_exact(lists, snapshots):
    """A fault costs a page of a list and no element."""
    database, today, _ = snapshots
    told = {element["id"] for element in getattr(directory, lists)(today)}

    assert told == current(database, lists, f"{lists[:-1]}_id")


def test_lists_went_wrong_too(snapshots):
    """At least one call in twenty."""
    _, _, log = snapshots

    assert sum(arrival.kind != "" for arrival in log) > len(log) / 20 > 2


@pytest.fixture(scope="module")
def snapshots(tmp_path_factory):
    """Snapshots some weeks apart: the file, the last day, and the calls."""
    database = tmp_path_factory.mktemp("snapshots") / "usage.duckdb"
    first = datetime(2026, 3, 1, 12, tzinfo=UTC)
    with FakeApi() as api:
        weather = api.fault = Weather(api, seed=4)
        settings = resolve_settings(
            base_url=api.url,
            api_key=DEMO_API_KEY,
            backoff=0.01,
            max_wait=120,
            timeout=TIMEOUT,
        )
        for weeks in range(0, sample(6, 60), 3):
            now = first + timedelta(weeks=weeks)
            api.now = lambda now=now: now
            with open_warehouse(
                "duckdb", database, "claude_code", sole_writer=True
            ) as warehouse:
                take(warehouse.pipeline, settings, lambda now=now: now)
    return database, now.date(), weather.log
