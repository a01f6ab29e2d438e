"""One measurement in its own process, so that none warms up another.

    python measure.py WHAT URL DAYS [FOLDER]

does WHAT with the days of the server at URL and prints seconds, records and peak memory
as JSON. The start of the process and imports do not count.
"""

import json
import os
import resource
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

import dlt
import httpx
import orjson

os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"

from ccwarehouse.load import Progress, Request, load, plan
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.progress import Silence
from claude_code_analytics import CLAUDE_CODE, UsageSettings, resolve_settings
from claude_code_marts import models
from whole_days.fetch import fetch
from whole_days.package import Package

SILENCE = Silence()
PATH = "/v1/organizations/usage_report/claude_code"
NOW = datetime.now(UTC)
LAST = NOW.date() - timedelta(3)  # a nightly load finds a day or two that are new
DATASET = "claude_code"


def each_day(days: int) -> list[date]:
    """This many days up to the last one."""
    return [LAST - timedelta(ago) for ago in reversed(range(days))]


def pages(url: str, days: int) -> Iterator[dict]:
    """Each day's reply, one after another over one connection."""
    with httpx.Client(base_url=url) as client:
        for day in each_day(days):
            reply = client.get(PATH, params={"starting_at": str(day), "limit": 1000})
            yield orjson.loads(reply.content)


def download(url: str, days: int, _: Path) -> None:
    """The minimum: download and parse the same pages, and drop them."""
    for _reply in pages(url, days):
        pass


def dicts(url: str, days: int, folder: Path) -> None:
    """A good plain dlt pipeline: records as dicts, child tables, parquet."""
    table = "usage_report"

    @dlt.resource(name=table, write_disposition="merge", merge_key="date")
    def usage() -> Iterator[list[dict]]:
        for reply in pages(url, days):
            yield [flat(record) for record in reply["data"]]

    pipeline = dlt.pipeline(
        "dicts",
        destination=dlt.destinations.duckdb(str(folder / "dicts.duckdb")),
        dataset_name=DATASET,
        pipelines_dir=str(folder),
    )
    pipeline.run(usage(), loader_file_format="parquet")


def flat(record: dict) -> dict:
    """A record with its tools as a list, so that dlt makes a child table."""
    tools = record["tool_actions"].items()
    return record | {
        "tool_actions": [{"tool": tool, **counts} for tool, counts in tools]
    }


def backfill(
    url: str, days: int, folder: Path, progress: Progress = SILENCE
) -> dict[str, float]:
    """Our backfill, as in `ccwarehouse load --start --end`: seconds of its two parts.

    The second one fills the stored marts and builds the views.
    """
    settings = configured(url)
    with open_warehouse(
        "duckdb", folder / "usage.duckdb", DATASET, sole_writer=True
    ) as warehouse:
        stored = warehouse.stored(CLAUDE_CODE, settings.account)
        request = Request(each_day(days)[0], LAST)
        chosen = plan(request, stored, NOW, settings)
        loading = partial(
            load, warehouse, CLAUDE_CODE, chosen, settings, progress, lambda: NOW
        )
        return {"rows": timed(loading), "marts": timed(warehouse.build_views)}


def fill(url: str, days: int, folder: Path) -> None:
    """Load the days before the measurement."""
    if not (folder / "usage.duckdb").exists():
        backfill(url, days, folder)


class Stages(Silence):
    """When each package was committed, and its records."""

    def __init__(self) -> None:
        self.moments = [(time.perf_counter(), 0)]

    def stored(self, package: Package) -> None:
        """Note the time."""
        records = sum(loaded.fetch.records for loaded in package.days)
        self.moments.append((time.perf_counter(), records))

    def rates(self) -> list[float]:
        """Records per second of each package."""
        return [
            records / (moment - before)
            for (before, _), (moment, records) in pairwise(self.moments)
        ]


def configured(url: str, concurrency: int = 4) -> UsageSettings:
    """Settings for the server, which takes any key."""
    return resolve_settings(
        base_url=url, api_key="sk-ant-admin01-bench", concurrency=concurrency
    )


def fetching(url: str, days: int, _: Path) -> None:
    """Fetching alone, eight days at a time, their tables included."""
    for _fetch in fetch(CLAUDE_CODE, each_day(days), configured(url, concurrency=8)):
        pass


def reading(url: str, days: int, folder: Path) -> dict[str, float]:
    """Seconds to build the views, and to read each mart once."""
    fill(url, days, folder)
    with open_warehouse("duckdb", folder / "usage.duckdb", DATASET) as warehouse:
        seconds = {"transform": timed(warehouse.build_views)}
        with warehouse.client() as client:
            for view in models():
                if view.layer == "marts":
                    query = f"select * from {DATASET}_marts.{view.name}"
                    seconds[view.name] = timed(
                        lambda query=query: client.native_connection.sql(
                            query
                        ).to_arrow_table()
                    )
    return seconds


def timed(work: Callable[[], object]) -> float:
    """Seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def staged(url: str, days: int, folder: Path) -> list[float]:
    """Our backfill, with the rate of each package."""
    stages = Stages()
    backfill(url, days, folder, stages)
    return stages.rates()


def reload(url: str, days: int, folder: Path) -> float:
    """Records per second when reloading a hundred days that all changed."""
    fill(url, days, folder)
    again = min(days, 100)
    rates = []
    for version in ("/changed", "", "/changed"):
        stages = Stages()
        load = partial(backfill, url + version, again, folder, stages)
        seconds = timed(load)
        rates.append(sum(records for _, records in stages.moments) / seconds)
    return median(rates)


def serve(url: str, days: int, _: Path) -> None:
    """The server's own limit: receive bytes and ignore them."""
    with socket.create_connection((httpx.URL(url).host, httpx.URL(url).port)) as server:
        for day in each_day(days):
            server.sendall(f"GET {PATH}?starting_at={day} HTTP/1.1\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += server.recv(65536)
            head, _, body = head.partition(b"\r\n\r\n")
            left = int(head.rpartition(b":")[2]) - len(body)
            while left:
                left -= len(server.recv(left))


WORK = {
    work.__name__: work
    for work in (
        *(download, dicts, serve, backfill, staged, reload),
        *(fetching, reading),
    )
}


def measure(what: str, url: str, days: int, folder: Path) -> dict:
    """Seconds, peak memory in MB, and the figures of the work itself.

    One day runs first, because some modules are imported on first use.
    """
    with tempfile.TemporaryDirectory() as elsewhere:
        WORK[what](url, 1, Path(elsewhere))
    began = time.perf_counter()
    told = WORK[what](url, days, folder)
    return {
        "seconds": time.perf_counter() - began,
        "megabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "told": told,
    }


if __name__ == "__main__":
    what, url, days, *folder = sys.argv[1:]
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(*folder) if folder else Path(temporary)
        print(json.dumps(measure(what, url, int(days), place)))  # noqa: T201
