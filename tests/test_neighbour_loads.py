"""Further reports in one dataset: the days of each, exact after any history.

They are loaded from the fake's made-up organisation, and compared with what it tells.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, error, organisation
from anthropic_usage_and_cost import (
    COST_REPORT,
    REPORTS,
    restated_for_a_month,
)
from ccwarehouse.load import Request, load, plan
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.progress import Silence
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import execute, load_from, query
from soak import at_length
from whole_days.calendar import each_day
from whole_days.errors import OrganisationError
from whole_days.plan import Reason

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)  # a Thursday
FIRST, LAST = date(2026, 10, 20), date(2026, 11, 25)
A_DAY = timedelta(days=1)


@dataclass
class World:
    """The API of the made-up organisation, and a DuckDB file for one of its reports."""

    api: FakeApi
    database: object
    report: object
    now: datetime = NOW
    reasons: dict = field(default_factory=dict)

    def load(self, *, first=FIRST, replace_organisation=False):
        """A nightly load; before the first one, from `first` on."""
        self.api.now = lambda: self.now
        self.api.calls.clear()
        settings = restated_for_a_month(
            resolve_settings(
                base_url=self.api.url,
                api_key=DEMO_API_KEY,
                initial_days=(self.now.date() - first).days,
                backoff=0.01,
                max_wait=2,
            )
        )
        with open_warehouse(
            "duckdb", self.database, "claude_code", sole_writer=True
        ) as warehouse:
            stored = warehouse.stored(self.report, "default")
            request = Request(replace_organisation=replace_organisation)
            chosen = plan(request, stored, self.now, settings)
            self.reasons = {item.day: item.reason for item in chosen.wanted}
            return load(
                warehouse, self.report, chosen, settings, Silence(), lambda: self.now
            )

    def held(self):
        """What is stored, as the API writes it, by day."""
        return sums(
            (day, *keys, number)
            for day, *keys, number in query(self.database, HELD[self.report.name])
        )

    def told(self, first=FIRST, last=LAST):
        """What the API tells of each day now."""
        return sums(
            (day, *told)
            for day in each_day(first, last)
            for told in TOLD[self.report.name](self.api, day, self.now.date())
        )

    def days_called(self):
        """How many days each call to the report asked for, its further pages apart."""
        ranges = [
            [call.query[name][:10] for name in ("starting_at", "ending_at")]
            for call in self.api.calls
            if "ending_at" in call.query and "page" not in call.query
        ]
        return [
            (date.fromisoformat(end) - date.fromisoformat(start)).days
            for start, end in ranges
        ]


def sums(rows):
    """The last value of each row, added up by the others."""
    found = {}
    for *key, number in rows:
        found[tuple(key)] = found.get(tuple(key), 0) + number
    return found


HELD = {
    "cost_report": """
        select date, workspace_id, description, token_type, amount
        from claude_code.cost_report
    """,
    "messages_usage": """
        select date, api_key_id, workspace_id, model, service_tier, output_tokens
        from claude_code.messages_usage
    """,
    "analytics_cost": """
        select
            date,
            coalesce(actor__user_id, actor__service_account_id, actor__api_key_id),
            api_key_id, workspace_id, product, model, token_type,
            list_amount * 1000000 + amount
        from claude_code.analytics_cost
    """,
    "analytics_usage": """
        select
            date,
            coalesce(actor__user_id, actor__service_account_id, actor__api_key_id),
            api_key_id, workspace_id, product, model,
            total_tokens * 1000000 + output_tokens
        from claude_code.analytics_usage
    """,
}


def billed(api, day, today):
    """The bill of a day."""
    for one in api.neighbours.costs(day, today):
        key = one["workspace_id"], one["description"], one["token_type"]
        yield *key, Decimal(one["amount"])


def counted(api, day, today):
    """The tokens of a day."""
    names = ("api_key_id", "workspace_id", "model", "service_tier", "output_tokens")
    for one in api.neighbours.messages(day, today):
        yield tuple(one[name] for name in names)


def by_actor(row, *names):
    """The columns of a group."""
    group = row["group"]
    actor = [value for name, value in (group["actor"] or {}).items() if "_id" in name]
    names = ("api_key_id", "workspace_id", "product", "model", *names)
    return (*(actor or [None]), *(group[name] for name in names))


def billed_by_actor(api, day, today):
    """The bill of a day, with its list price."""
    for one in api.neighbours.analytics_cost(day, today):
        listed, paid = (Decimal(one["cost"][n]) for n in ("list_amount", "amount"))
        yield *by_actor(one, "token_type"), listed * 1000000 + paid


def counted_by_actor(api, day, today):
    """The tokens of a day."""
    for one in api.neighbours.analytics_usage(day, today):
        total, output = (one["usage"][n] for n in ("total_tokens", "output_tokens"))
        yield *by_actor(one), total * 1000000 + output


TOLD = {
    "cost_report": billed,
    "messages_usage": counted,
    "analytics_cost": billed_by_actor,
    "analytics_usage": counted_by_actor,
}

# Where the names of the fake are not those of the reports.
TELLS = {"cost_report": "costs", "messages_usage": "messages"}


@pytest.fixture
def api():
    """The made-up organisation's API."""
    with FakeApi() as api:
        yield api


@pytest.fixture(params=REPORTS, ids=lambda report: report.name)
def world(api, request, tmp_path):
    """A report before its first load."""
    return World(api, tmp_path / "usage.duckdb", request.param)


@pytest.fixture(
    params=[
        pytest.param(report, id=report.name, marks=at_length)
        if report is not COST_REPORT
        else pytest.param(report, id=report.name)
        for report in REPORTS
    ]
)
def sampled(api, request, tmp_path):
    """The cost report before its first load; at length, each report."""
    return World(api, tmp_path / "usage.duckdb", request.param)


@pytest.fixture
def bill(api, tmp_path):
    """The cost report before its first load."""
    return World(api, tmp_path / "usage.duckdb", COST_REPORT)


def change(world, day, results):
    """Let the API tell other results of a day."""
    name = TELLS.get(world.report.name, world.report.name)
    before = getattr(world.api.neighbours, name)

    def told(asked, today):
        found = before(asked, today)
        return results(found) if asked == day else found

    setattr(world.api.neighbours, name, told)


def test_it_loads_every_day_exactly(world):
    """Two months in two calls, row by row and to the last digit."""
    outcome = world.load()

    assert [31, 6] == world.days_called()
    assert {} == outcome.failed
    assert world.told() == world.held()
    assert (37, {organisation.ORGANIZATION_ID}) == (
        len(outcome.loaded),
        outcome.organizations,
    )


def test_each_night_it_looks_back_thirty_days(sampled):
    """In one call; nothing is written if nothing has changed."""
    sampled.load()
    written = loads_of(sampled)
    sampled.now += timedelta(hours=1)
    outcome = sampled.load()

    assert [30] == sampled.days_called()
    assert {Reason.LOOKBACK} == set(sampled.reasons.values())
    assert [] == outcome.changed
    assert written == loads_of(sampled)


def loads_of(world):
    """Which load wrote each row."""
    return query(
        world.database,
        f"select _dlt_id, _dlt_load_id from claude_code.{world.report.name} order by 1",
    )


def test_a_late_revision_replaces_its_day(bill):
    """The bill of a Thursday is not complete for some days."""
    thursday, sunday = date(2026, 11, 19), date(2026, 11, 22)
    bill.now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    bill.load()
    before = bill.held()
    bill.now += A_DAY
    outcome = bill.load()
    after = bill.held()

    assert [thursday, sunday] == sorted(outcome.changed)
    assert bill.told(last=sunday) == after
    assert {thursday} == {key[0] for key in before if before[key] != after[key]}


def test_a_day_is_restated_and_another_emptied(world):
    """Withdrawn results are gone, and other days keep theirs."""
    world.load()
    change(world, LAST, lambda found: found[:3])
    change(world, LAST - A_DAY, lambda _: [])
    outcome = world.load()

    assert [LAST - A_DAY, LAST] == sorted(outcome.changed)
    assert [LAST - A_DAY] == outcome.emptied
    assert world.told() == world.held()


def test_a_failed_call_keeps_the_rows_of_its_days(sampled):
    """They are asked for again by the next load, and by no later one."""
    sampled.load()
    change(sampled, LAST, lambda found: found[:1])
    sampled.api.fault = lambda request: (
        error(529, "Overloaded") if "ending_at" in request.query else None
    )
    before = sampled.held()
    outcome = sampled.load()

    assert 30 == len(outcome.failed)
    assert before == sampled.held()

    sampled.api.fault = None
    sampled.load()

    assert {Reason.FAILED} == set(sampled.reasons.values())
    assert sampled.told() == sampled.held()


def test_lost_rows_are_noticed_and_healed(sampled):
    """Also those of a day that is no longer looked back at."""
    sampled.load()
    table = f"claude_code.{sampled.report.name}"
    execute(sampled.database, f"delete from {table} where date = '{FIRST}'")
    sampled.load()

    assert Reason.DAMAGED == sampled.reasons[FIRST]
    assert sampled.told() == sampled.held()


def test_another_organisations_days_are_refused(sampled):
    """Nothing is written, unless it may replace the stored ones."""
    sampled.load()
    before = sampled.held()
    sampled.api.neighbours.organization = {"id": "another", "type": "organization"}
    with pytest.raises(OrganisationError, match="SOURCES__CLAUDE_CODE_ANALYTICS__"):
        sampled.load()

    assert before == sampled.held()

    sampled.load(replace_organisation=True)
    owners = f"select distinct organization_id from claude_code.{sampled.report.name}"

    assert [("another",)] == query(sampled.database, owners)


def test_a_clock_ahead_for_one_night_does_no_lasting_harm(sampled):
    """Days to come that were stored as empty are fetched once they are over."""
    right = sampled.now
    sampled.load()
    restore = hide_from(sampled, right.date())
    sampled.now = right + 10 * A_DAY
    sampled.load()
    restore()
    kept = []
    for nights in (1, 2, 10, 11):
        sampled.now = right + nights * A_DAY
        outcome = sampled.load()
        told = sampled.told(last=sampled.now.date() - A_DAY)
        kept.append((outcome.failed, told == sampled.held()))

    assert [({}, True)] * 4 == kept


def hide_from(world, first):
    """Let the API tell nothing from a day on; returns what restores it."""
    name = TELLS.get(world.report.name, world.report.name)
    before = getattr(world.api.neighbours, name)

    def told(day, today):
        return before(day, today) if day < first else []

    setattr(world.api.neighbours, name, told)
    return lambda: setattr(world.api.neighbours, name, before)


def test_all_reports_in_one_dataset_know_nothing_of_each_other(api, tmp_path):
    """Each has its own days, load numbers and lookback."""
    database = tmp_path / "usage.duckdb"
    worlds = [World(api, database, report) for report in REPORTS]
    load_from(api, database, now=NOW)
    for world in worlds:
        world.load(first=LAST - A_DAY)
    before = [world.held() for world in worlds]
    load_from(api, database, now=NOW)

    assert [world.told(LAST - A_DAY) for world in worlds] == before
    assert before == [world.held() for world in worlds]
    numbers = """
        select report, max(load_number), count(distinct date)
        from claude_code.day_fetches group by report order by report
    """
    assert [
        ("analytics_cost", 1, 2),
        ("analytics_usage", 1, 2),
        ("claude_code", 2, 3),
        ("cost_report", 1, 2),
        ("messages_usage", 1, 2),
    ] == query(database, numbers)
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        stored = warehouse.stored(CLAUDE_CODE, "default")
    assert all(day.is_whole for day in stored.values())
