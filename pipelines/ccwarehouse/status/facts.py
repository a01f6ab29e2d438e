"""The state of each day. Pure: reads neither warehouse nor clock."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

from whole_days.calendar import ONE_DAY, Calendar, each_day, end_of
from whole_days.plan import Reason, StoredDay, WantedDay, newest_final, nightly

from ..load import Plan


class State(StrEnum):
    """The state of a day in the warehouse."""

    FINAL = "final"
    PROVISIONAL = "provisional"
    REREAD_FAILED = "re-read failed"
    FAILED = "failed"
    NOT_WHOLE = "not whole"
    NEVER_FETCHED = "never fetched"


# One failed nightly load is tolerated, two in a row are not.
FRESH: Final = timedelta(hours=48)
GAPS: Final = (State.FAILED, State.NOT_WHOLE, State.NEVER_FETCHED)

_STATES: Final = {
    Reason.NOT_FINAL: State.PROVISIONAL,
    Reason.FAILED: State.FAILED,
    Reason.DAMAGED: State.NOT_WHOLE,
    Reason.NEVER_FETCHED: State.NEVER_FETCHED,
}


@dataclass(frozen=True)
class Status:
    """What is stored of one account at `next_load.calendar.now`.

    `rows` counts the rows of each table. `last_run` is when the newest load was
    committed (UTC, None without one). A load fetches the last `lookback` complete days
    again. `max_age` is how many hours ago the newest final day may have ended; None
    sets no limit.
    """

    account: str
    days: Mapping[State, list[date]]
    rows: Mapping[str, int]
    last_run: datetime | None
    next_load: Plan
    lookback: int
    max_age: int | None = None

    @property
    def stored(self) -> list[date]:
        """The days with a completed fetch, in order."""
        return completed(self.next_load.stored)

    @property
    def newest_fetched_at(self) -> datetime | None:
        """When the newest stored day was last fetched (UTC)."""
        return (
            self.next_load.stored[self.stored[-1]].fetched_at if self.stored else None
        )

    @property
    def stale(self) -> list[date]:
        """Days that could not be fetched again and whose numbers are not fresh.

        Fresh: the day is within the lookback, and was fetched at most `FRESH` ago.
        """
        failed = self.days[State.REREAD_FAILED]
        return [day for day in failed if not self._is_fresh(day)]

    def _is_fresh(self, day: date) -> bool:
        calendar, stored = self.next_load.calendar, self.next_load.stored[day]
        is_recent = day > calendar.last_complete - self.lookback * ONE_DAY
        age = calendar.now - stored.fetched_at if stored.fetched_at else timedelta.max
        return is_recent and age <= FRESH

    @property
    def newest_final(self) -> date | None:
        """The newest day that is final and whole."""
        return newest_final(self.next_load.stored, self.next_load.calendar)

    @property
    def age_hours(self) -> float | None:
        """How many hours ago the newest final day ended (24:00 UTC)."""
        if self.newest_final is None:
            return None
        age = self.next_load.calendar.now - end_of(self.newest_final)
        return age.total_seconds() / 3600

    @property
    def is_too_old(self) -> bool:
        """Whether the newest final day is older than `max_age`, or there is none."""
        if self.max_age is None:
            return False
        return self.age_hours is None or self.age_hours > self.max_age

    @property
    def gaps(self) -> list[date]:
        """Complete days that are missing, failed or not whole."""
        return sorted(day for state in GAPS for day in self.days[state])


def by_state(
    stored: Mapping[date, StoredDay], calendar: Calendar
) -> dict[State, list[date]]:
    """The days of each state, from the first one ever fetched to the last complete one.

    A stored day after that is provisional; one that is not stored is not due yet.
    """
    wanted = nightly(stored, calendar, initial_days=1, lookback=0)
    states = {item.day: _state(item, stored) for item in wanted}
    days: dict[State, list[date]] = {state: [] for state in State}
    for day in each_day(calendar.first(stored, 1), calendar.last_complete):
        days[states.get(day, State.FINAL)].append(day)
    running = (day for day in completed(stored) if day > calendar.last_complete)
    days[State.PROVISIONAL] += running
    return days


def _state(item: WantedDay, stored: Mapping[date, StoredDay]) -> State:
    if item.reason is Reason.FAILED and stored[item.day].stands:
        return State.REREAD_FAILED
    return _STATES[item.reason]


def completed(stored: Mapping[date, StoredDay]) -> list[date]:
    """The days that have a completed fetch, in order."""
    return sorted(day for day in stored if stored[day].content_hash is not None)
