"""Which UTC days a load wants, and why each one.

Pure: no clock, no warehouse.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from itertools import groupby

from .calendar import ONE_DAY, Calendar, each_day, spans


class Reason(StrEnum):
    """Why a day is wanted."""

    ASKED_FOR = "asked for"
    FAILED = "failed"
    NEVER_FETCHED = "never fetched"
    NOT_FINAL = "not final"
    DAMAGED = "stored rows incomplete"
    RUNNING = "still running"
    LOOKBACK = "lookback"
    REPLACED = "another organisation"


@dataclass(frozen=True)
class StoredDay:
    """The stored state of a day that has rows or a fetch, completed or failed.

    `content_hash`, `records` (a count) and `fetched_at` (UTC) are those of the last
    completed fetch. `is_whole` is False when the stored rows are not the ones that this
    fetch wrote, for example after a killed load. `load_number` is that of the last load
    that fetched the day or failed to. `load_id` is dlt's id of the load with the last
    completed fetch. `organizations` are those of the stored rows.
    """

    content_hash: str | None = None
    records: int = 0
    is_final: bool = False
    is_whole: bool = True
    failed_last: bool = False
    fetched_at: datetime | None = None
    load_number: int = 0
    load_id: str | None = None
    organizations: frozenset[str] = frozenset()

    @property
    def stands(self) -> bool:
        """Whether the stored day is whole and was fetched when it was complete."""
        return self.content_hash is not None and self.is_final and self.is_whole


@dataclass(frozen=True)
class WantedDay:
    """A day of a plan."""

    day: date
    reason: Reason


def nightly(
    stored: Mapping[date, StoredDay],
    calendar: Calendar,
    *,
    initial_days: int,
    lookback: int,
    include_today: bool = False,
    replace_organisation: bool = False,
) -> list[WantedDay]:
    """The days a load without dates wants, oldest first.

    From the first day ever fetched (or `initial_days` back if there is none) to the
    last complete one, these are the days that are missing, failed, provisional or not
    whole, and the last `lookback` complete days again. `include_today` adds the running
    day. `replace_organisation` adds every stored day.
    """
    last = calendar.last_complete
    first = calendar.first(stored, initial_days)
    recent = last - lookback * ONE_DAY
    wanted = [
        WantedDay(day, reason)
        for day in each_day(first, last)
        if (reason := _reason(stored.get(day), calendar, is_recent=day > recent))
    ]
    running = each_day(max(last + ONE_DAY, first), calendar.today)
    if include_today:
        wanted += [WantedDay(day, Reason.RUNNING) for day in running]
    if replace_organisation:
        past = each_day(first, calendar.today)
        return _again([day for day in past if day in stored], wanted)
    return wanted


def asked_for(start: date, end: date, calendar: Calendar) -> list[WantedDay]:
    """The days of a backfill, both ends included; future days are left out."""
    last = min(end, calendar.today)
    return [WantedDay(day, Reason.ASKED_FOR) for day in each_day(start, last)]


def newest_final(stored: Mapping[date, StoredDay], calendar: Calendar) -> date | None:
    """The newest stored day that is final and whole; None without one.

    A fetch of the future does not count: its clock was ahead.
    """
    days = (
        day
        for day, state in stored.items()
        if state.stands
        and day <= calendar.last_complete
        and not calendar.is_to_come(state.fetched_at)
    )
    return max(days, default=None)


def in_runs(wanted: Iterable[WantedDay]) -> list[tuple[date, date, Reason]]:
    """Consecutive days with the same reason, as (first, last, reason)."""
    return [
        (first, last, reason)
        for reason, group in groupby(wanted, key=lambda item: item.reason)
        for first, last in spans(item.day for item in group)
    ]


def _again(stored: Iterable[date], wanted: Iterable[WantedDay]) -> list[WantedDay]:
    """The stored days, wanted because they are replaced, and the other wanted days."""
    reasons = {item.day: item.reason for item in wanted}
    reasons |= dict.fromkeys(stored, Reason.REPLACED)
    return [WantedDay(day, reasons[day]) for day in sorted(reasons)]


def _reason(
    stored: StoredDay | None, calendar: Calendar, *, is_recent: bool
) -> Reason | None:
    if stored is None:
        return Reason.NEVER_FETCHED
    if stored.failed_last:
        return Reason.FAILED
    if stored.content_hash is None:  # rows of a first load that was killed
        return Reason.NEVER_FETCHED
    if not stored.is_whole:
        return Reason.DAMAGED
    if not stored.is_final or calendar.is_to_come(stored.fetched_at):
        return Reason.NOT_FINAL
    return Reason.LOOKBACK if is_recent else None
