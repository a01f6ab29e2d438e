"""Days are UTC days in any time zone of the machine, and complete when settled.

A day is complete 90 minutes after 24:00 UTC: a load at 01:29 does not fetch the day
before, a load at 01:31 does.
"""

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from soak import IS_SOAK

pytestmark = pytest.mark.process

# The day of the loads and the three before it: within a month, across the end of a
# month and a year, on and after a leap day, after a February without one.
DAYS = [
    ("2026-03-10", "2026-03-09", "2026-03-08", "2026-03-07"),
    ("2026-05-01", "2026-04-30", "2026-04-29", "2026-04-28"),
    ("2026-01-01", "2025-12-31", "2025-12-30", "2025-12-29"),
    ("2024-02-29", "2024-02-28", "2024-02-27", "2024-02-26"),
    ("2024-03-01", "2024-02-29", "2024-02-28", "2024-02-27"),
    ("2026-03-01", "2026-02-28", "2026-02-27", "2026-02-26"),
]
ZONES = {"Pacific/Auckland": (12, 13), "Pacific/Honolulu": (-10,)}
DAYS_IN = dict.fromkeys(ZONES, DAYS)
if not IS_SOAK:  # every other day, each in one zone
    DAYS_IN = {zone: DAYS[2 * turn :: 4] for turn, zone in enumerate(ZONES)}
KINDS = [(zone, days) for zone in ZONES for days in DAYS_IN[zone]]


@cache
def told(zone):
    """The output of early-morning loads on a machine in another zone."""
    process = subprocess.run(
        [
            sys.executable,
            Path(__file__).with_name("clock_process.py"),
            *(day for day, *_ in DAYS_IN[zone]),
        ],
        check=False,
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert 0 == process.returncode, process.stderr
    done = json.loads(process.stdout)
    assert done["offset"] in ZONES[zone]
    return done


@pytest.mark.parametrize("zone", ZONES)
def test_the_clock_is_utc_in_any_zone(zone):
    """A load uses UTC, not the machine's local time."""
    assert told(zone)["is_utc"]


@pytest.mark.parametrize(
    ("zone", "days"),
    KINDS,
    ids=[f"{zone} - {today}" for zone, (today, *_) in KINDS],
)
def test_a_day_of_loads(zone, days):
    """Yesterday is not due until 01:30 UTC, then it is fetched, again if necessary.

    At 00:30 a first load with today reads the two complete days before yesterday as
    final, and yesterday and today as not final. At 01:29 nothing is left to do. At
    01:31 yesterday has settled: it alone is read, and is final. At 23:30 today is read
    where asked for, and still not final.
    """
    today, yesterday, before, first = days
    at_0030, at_0129, at_0131, at_2330 = told(zone)["days"][today]

    everything = [[first, True], [before, True], [yesterday, False], [today, False]]
    assert {"asked": sorted(days), "noted": everything} == at_0030
    assert {"asked": [], "noted": []} == at_0129
    assert {"asked": [yesterday], "noted": [[yesterday, True]]} == at_0131
    assert {"asked": [today], "noted": [[today, False]]} == at_2330
