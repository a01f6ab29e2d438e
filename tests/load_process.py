"""A load in its own process, made to be killed. It prints every step on stdout."""

import os
import time
from datetime import date, datetime
from functools import partial
from pathlib import Path

from dlt.common.runtime.collector import Collector

from anthropic_admin_api.fake import DEMO_API_KEY
from anthropic_directory import take
from anthropic_usage_and_cost import restated_for_a_month
from ccwarehouse import load as loading
from ccwarehouse.neighbours import OF_DAYS
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics import CLAUDE_CODE, resolve_settings

PACKAGE_DAYS = 2
WAREHOUSE = 0.005  # seconds a load waits after a job, as if its warehouse were far away


def tell(step, *details):
    """Print a line and flush it."""
    os.write(1, (" ".join([step, *map(str, details)]) + "\n").encode())


class Steps(Collector):
    """Prints dlt's steps (Extract, Normalize, Load) and each finished job."""

    def _start(self, step):
        tell(step.split()[0])

    def update(self, name, inc=1, *_args, **_named):
        if name == "Jobs" and inc:
            tell("Job")
            time.sleep(WAREHOUSE)

    def _stop(self):
        pass


class Days:
    """Prints each fetched day, and the days of each committed package."""

    def fetched(self, fetch):
        tell("fetched", fetch.day)

    def stored(self, package):
        tell("stored", *(loaded.fetch.day for loaded in package.days))


def subject(name, settings):
    """The report, None for a snapshot of the directory, and its settings."""
    if name == CLAUDE_CODE.name:
        return CLAUDE_CODE, settings
    monthly = restated_for_a_month(settings)
    monthly.lookback = settings.lookback
    return OF_DAYS.get(name), monthly


def run(order):
    """A nightly load, or the backfill of a range, in packages of two days."""
    loading.portions = partial(loading.portions, max_days=PACKAGE_DAYS)
    settings = resolve_settings(
        base_url=order["url"],
        api_key=DEMO_API_KEY,
        concurrency=1,
        lookback=0,
        initial_days=order["initial_days"],
    )
    report, settings = subject(order["report"], settings)
    now = datetime.fromisoformat(order["now"])
    request = loading.Request(*map(date.fromisoformat, order["range"]))
    database = Path(order["database"])
    with open_warehouse(
        "duckdb", database, "claude_code", sole_writer=True
    ) as warehouse:
        warehouse.pipeline.collector = Steps()
        if report is None:
            tell("planned", 0)
            take(warehouse.pipeline, settings, lambda: now)
            return
        stored = warehouse.stored(report, settings.account)
        chosen = loading.plan(request, stored, now, settings)
        tell("planned", len(chosen.wanted))
        loading.load(warehouse, report, chosen, settings, Days(), clock=lambda: now)


def main(order):
    """Its number, its steps, and that it is done."""
    tell("process", os.getpid())
    tell("began")
    run(order)
    tell("done")
