"""The next load repairs a warehouse that was written with a clock ahead."""

from datetime import timedelta

import pytest

from anthropic_admin_api.fake import error
from ccwarehouse.status import State, read_status
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.status import remarks
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from loads import NOON, History, load_from, query, record, served

pytestmark = pytest.mark.slow

ONE_DAY = timedelta(days=1)
AHEAD = 10 * ONE_DAY
MARCH = [f"2026-03-{day:02}" for day in range(1, 32)]


class World:
    """A warehouse, and an API whose days have their record once they are over."""

    def __init__(self, api, database):
        self.api, self.database = api, database

    def load(self, now, ahead=ONE_DAY * 0, organization_id="ours", **given):
        """A nightly load, by a clock that is ahead while all replies confirm it."""
        over = [day for day in MARCH if day < now.date().isoformat()]
        self.api.usage = History(
            {day: [record(day, organization_id=organization_id)] for day in over}
        )
        given = {"lookback": 1, "views": False} | given
        return load_from(self.api, self.database, now=now + ahead, **given)

    def status(self, now):
        with open_warehouse(
            "duckdb", self.database, "claude_code", read_only=True
        ) as warehouse:
            return read_status(
                warehouse, CLAUDE_CODE, resolve_settings(lookback=1), now
            )

    def days(self):
        """The days of March that have records."""
        days = "select day(date) from claude_code.usage_report order by date"
        return [day for (day,) in query(self.database, days)]


@pytest.fixture
def world(tmp_path):
    with served(History()) as api:
        yield World(api, tmp_path / "usage.duckdb")


def test_a_clock_ahead_for_one_night_does_no_lasting_harm(world):
    """Future days that were stored as empty and final are fetched once they are over.

    That holds for the first night, for the nights up to the wrong clock's time, and for
    those after it. `status` reports nothing in any of them.
    """
    world.load(NOON)
    world.load(NOON, AHEAD)
    before = world.days()
    seen = []
    for night in (1, 2, 10, 11):
        now = NOON + night * ONE_DAY
        world.load(now)
        status = world.status(now)
        last = now.day - 1
        seen.append((world.days() == list(range(7, 1 + last)), status.gaps))
        assert last - 6 == len(status.days[State.FINAL])

    assert [7, 8, 9] == before
    assert [(True, [])] * 4 == seen


def test_a_wrong_clock_is_remembered_by_the_order_of_loads(world):
    """One load with a right clock is enough, however late the next one is."""
    world.load(NOON)
    world.load(NOON, AHEAD)
    world.load(NOON)
    later = NOON + 2 * AHEAD
    assert set(range(10, 20)) <= {
        item.day.day for item in world.status(later).next_load.wanted
    }
    world.load(later)

    assert list(range(7, 30)) == world.days()
    assert [] == world.status(later + ONE_DAY / 2).gaps


def test_the_first_load_that_goes_right_may_come_days_later(world):
    """A day that was fetched at a future time is fetched again, however old."""
    world.load(NOON)
    world.load(NOON, AHEAD)
    later = NOON + 5 * ONE_DAY
    world.load(later)

    assert list(range(7, 15)) == world.days()
    assert [] == world.status(later).gaps


def test_status_is_quiet_before_the_next_load_and_after_it(world):
    """Days with a future fetch will be fetched again, but none is missing."""
    world.load(NOON)
    world.load(NOON, AHEAD)
    before = world.status(NOON)
    world.load(NOON)
    after = world.status(NOON)

    assert ([], []) == (remarks(before), remarks(after))
    to_come = [day.day for day in after.days[State.PROVISIONAL]]
    assert list(range(10, 20)) == to_come


def test_a_first_load_that_was_years_ahead_does_not_hide_the_present(world):
    """Future days do not count as the first day: the next load goes back from today."""
    world.load(NOON, 500 * ONE_DAY)
    world.load(NOON)

    assert [7, 8, 9] == world.days()


def test_a_failed_fetch_of_a_wrong_clock_is_followed_by_a_good_one(world):
    """The load's number says which fetch was last: the day is whole again."""
    world.load(NOON)
    world.api.fault = lambda request: error(404, "not here")
    world.load(NOON, AHEAD)
    world.api.fault = None
    world.load(NOON)

    assert [] == world.status(NOON).gaps


def test_loads_are_numbered_by_account(world):
    """Each is one more than the greatest of the account, failed days included."""
    world.load(NOON)
    world.load(NOON, account="other", organization_id="another")
    world.api.fault = lambda request: error(404, "not here")
    world.load(NOON, lookback=3)
    world.api.fault = None
    world.load(NOON)

    numbers = "select account, load_number, count(*) from claude_code.day_fetches"
    expected = [("default", 1, 3), ("default", 2, 3), ("default", 3, 3)]
    assert [*expected, ("other", 1, 3)] == sorted(
        query(world.database, f"{numbers} group by all")
    )
