"""Loads at given moments, in a process whose zone is not UTC.

Prints the machine's zone and, for each moment, the days that the API was asked for and
what the ledger says of each fetch.
"""

import json
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from loads import History, load_from, query, served
from whole_days.clock import utc_now

LEDGER = """
    select date::text, is_final from claude_code.day_fetches
    where epoch(fetched_at) = ? order by date
"""


def at(moment, api, database, *, include_today=False):
    """The days that one load asked for, and its new rows in the ledger."""
    now = datetime.fromisoformat(moment).replace(tzinfo=UTC)
    api.now = lambda: now
    api.calls.clear()
    load_from(
        api,
        database,
        now=now,
        include_today=include_today,
        initial_days=2,
        lookback=0,
    )
    asked = sorted(call.query["starting_at"] for call in api.calls)
    noted = query(database, LEDGER.replace("?", str(now.timestamp())))
    return {"asked": asked, "noted": noted}


def main():
    """Four loads on each date given, in a warehouse of its own."""
    days = {}
    with served(History()) as api, TemporaryDirectory() as folder:
        for day in sys.argv[1:]:
            database = Path(folder, f"{day}.duckdb")
            days[day] = [
                at(f"{day} 00:30", api, database, include_today=True),
                at(f"{day} 01:29", api, database),
                at(f"{day} 01:31", api, database),
                at(f"{day} 23:30", api, database, include_today=True),
            ]
    offset = time.localtime().tm_gmtoff / 3600
    is_utc = abs(utc_now() - datetime.now(UTC)).total_seconds() < 60
    print(json.dumps({"offset": offset, "is_utc": is_utc, "days": days}))  # noqa: T201


if __name__ == "__main__":
    main()
