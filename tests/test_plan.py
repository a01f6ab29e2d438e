"""Which days a load wants, as a table of cases."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from whole_days.calendar import Calendar, spans, stretches
from whole_days.plan import Reason, StoredDay, WantedDay, asked_for, in_runs, nightly

SETTLE = timedelta(minutes=90)
FINAL = StoredDay("hash", records=1, is_final=True)
EARLY = StoredDay("hash", records=1)
FAILED = StoredDay(failed_last=True)
FAILED_AGAIN = StoredDay("hash", records=1, is_final=True, failed_last=True)
TO_COME = StoredDay(
    "hash", is_final=True, fetched_at=datetime(2026, 3, 10, 12, 6, tzinfo=UTC)
)
TORN = StoredDay("hash", records=1, is_final=True, is_whole=False)


def at(text: str) -> Calendar:
    return Calendar(datetime.fromisoformat(f"2026-{text}+00:00"), SETTLE)


def day(text: str) -> date:
    return date.fromisoformat(f"2026-{text}")


def wanted(stored, calendar, *, initial_days=90, lookback=0, include_today=False):
    stored = {day(text): fetched for text, fetched in stored.items()}
    plan = nightly(
        stored,
        calendar,
        initial_days=initial_days,
        lookback=lookback,
        include_today=include_today,
    )
    return [(f"{item.day:%m-%d}", item.reason) for item in plan]


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("03-10T00:00", "03-08"),
        ("03-10T00:30", "03-08"),
        ("03-10T01:29", "03-08"),
        ("03-10T01:30", "03-09"),
        ("03-10T23:59", "03-09"),
        ("01-01T12:00", "12-31"),
        ("03-01T12:00", "02-28"),
    ],
)
def test_a_day_is_complete_ninety_minutes_after_its_end(now, expected):
    """At 01:30 UTC yesterday is complete, a minute earlier it is not."""
    assert expected == f"{at(now).last_complete:%m-%d}"


def test_the_machines_zone_does_not_matter():
    """The same moment is the same UTC day in Auckland and in Honolulu."""
    moment = datetime(2026, 3, 10, 2, tzinfo=UTC)
    zones = [timedelta(hours=13), timedelta(hours=-10)]

    found = {
        Calendar(moment.astimezone(timezone(zone)), SETTLE).last_complete
        for zone in zones
    }

    assert {date(2026, 3, 9)} == found


@pytest.mark.parametrize(
    ("fetched", "expected"),
    [("03-10T23:00", False), ("03-11T01:29", False), ("03-11T01:30", True)],
)
def test_only_a_fetch_after_the_day_has_settled_is_final(fetched, expected):
    """A fetch is final when it began 90 minutes after the day's end, or later."""
    calendar = at("03-20T12:00")

    assert expected == calendar.is_final(day("03-10"), at(fetched).now)


def test_the_first_load_goes_back_as_many_days_as_set():
    """With nothing stored, the last `initial_days` complete days are wanted."""
    found = wanted({}, at("03-10T12:00"), initial_days=3)

    never = Reason.NEVER_FETCHED
    assert [("03-07", never), ("03-08", never), ("03-09", never)] == found


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        ({"03-08": FINAL, "03-09": FINAL}, []),
        ({"03-07": FINAL, "03-09": FINAL}, [("03-08", Reason.NEVER_FETCHED)]),
        ({"03-08": FAILED, "03-09": FINAL}, [("03-08", Reason.FAILED)]),
        ({"03-08": FAILED_AGAIN, "03-09": FINAL}, [("03-08", Reason.FAILED)]),
        ({"03-08": EARLY, "03-09": FINAL}, [("03-08", Reason.NOT_FINAL)]),
        ({"03-08": TORN, "03-09": FINAL}, [("03-08", Reason.DAMAGED)]),
        ({"03-08": TO_COME, "03-09": FINAL}, [("03-08", Reason.NOT_FINAL)]),
        ({"03-08": FINAL, "03-09": FINAL, "03-20": TO_COME}, []),
        ({"03-08": FINAL}, [("03-09", Reason.NEVER_FETCHED)]),
        ({"03-09": FINAL, "03-10": EARLY}, []),
    ],
    ids=[
        "all there",
        "a gap before a later success",
        "a failed day",
        "a day that failed when read again",
        "a day read too early",
        "a day whose rows are not whole",
        "a day read by a clock that was ahead",
        "a day to come",
        "the newest day",
        "the running day is not wanted by night",
    ],
)
def test_a_nightly_load_wants_what_is_missing(stored, expected):
    """Every missing day from the first stored one to the last complete one."""
    assert expected == wanted(stored, at("03-10T12:00"))


def test_the_last_complete_days_are_read_again():
    """Lookback wants this many complete days, and none before the first stored one."""
    stored = {"03-07": FINAL, "03-08": FINAL, "03-09": FINAL}
    lookback = Reason.LOOKBACK

    two = wanted(stored, at("03-10T12:00"), lookback=2)
    ten = wanted(stored, at("03-10T12:00"), lookback=10)

    assert [("03-08", lookback), ("03-09", lookback)] == two
    assert ["03-07", "03-08", "03-09"] == [text for text, _ in ten]


@pytest.mark.parametrize(
    ("now", "expected"),
    [("03-10T12:00", ["03-10"]), ("03-10T00:30", ["03-09", "03-10"])],
)
def test_the_running_day_comes_along_when_asked_for(now, expected):
    """With today, a yesterday that has not settled yet is wanted too."""
    found = wanted({"03-08": FINAL}, at(now), include_today=True)

    running = [text for text, reason in found if reason is Reason.RUNNING]
    assert expected == running


def test_a_backfill_is_exactly_the_days_asked_for_but_never_the_future():
    """Both ends are included, whatever is stored; tomorrow is not wanted."""
    calendar = at("03-10T00:30")

    found = asked_for(day("03-08"), day("03-12"), calendar)

    expected = [day("03-08"), day("03-09"), day("03-10")]
    assert expected == [item.day for item in found]


def test_runs_break_at_gaps_and_at_other_reasons():
    """A range is consecutive days with the same reason."""
    lacking, lookback = Reason.NEVER_FETCHED, Reason.LOOKBACK
    plan = [
        WantedDay(day("03-01"), lacking),
        WantedDay(day("03-02"), lacking),
        WantedDay(day("03-04"), lacking),
        WantedDay(day("03-05"), lookback),
    ]

    assert [
        (day("03-01"), day("03-02"), lacking),
        (day("03-04"), day("03-04"), lacking),
        (day("03-05"), day("03-05"), lookback),
    ] == in_runs(plan)


def test_spans_cross_the_ends_of_months_and_years():
    """Days that follow each other are one span, leap days included."""
    days = [date(2023, 12, 31), date(2024, 1, 1), date(2024, 2, 28), date(2024, 2, 29)]

    assert [(days[0], days[1]), (days[2], days[3])] == spans(days)


@pytest.mark.parametrize(
    ("longest", "expected"),
    [
        (1, [["01"], ["02"], ["03"], ["05"]]),
        (2, [["01", "02"], ["03"], ["05"]]),
        (31, [["01", "02", "03"], ["05"]]),
    ],
)
def test_a_call_takes_days_in_a_row_up_to_its_limit(longest, expected):
    """A gap ends it, because a call has a first and a last day."""
    days = [day(f"03-{text}") for text in ("01", "02", "03", "05")]
    calls = stretches(days, longest)

    assert expected == [[f"{one:%d}" for one in call] for call in calls]


def test_no_day_is_read_ahead_of_a_full_call():
    """A reader that stops takes no more days than it fetches."""
    days = iter([day("03-01"), day("03-02")])
    next(stretches(days, 1))

    assert [day("03-02")] == list(days)
