"""One history of loads, with failures, gives the same rows in every warehouse.

DuckDB, Postgres and BigQuery's emulator hold the same rows in all tables, the ledger
included, and the next load wants the same days.
"""

import copy
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, error
from bigquery_check import rows
from ccwarehouse import load as loading
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.progress import Silence
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from claude_code_marts import models
from loads import NOON, History, record, served
from soak import dice, sample

TABLES = CLAUDE_CODE.all_tables

# Columns that say who wrote a row, or which call failed.
OF_THE_CALL = frozenset({"_dlt_load_id", "error"})
WAREHOUSES = ("duckdb", "postgres", "bigquery")
DAYS = [NOON.date() - timedelta(ago) for ago in range(8)]


class KilledError(BaseException):
    """Ends a load between two packages, like a killed process."""


class Killer(Silence):
    """Ends a load after some packages; 0 lets it finish."""

    def __init__(self, packages):
        self.packages = packages

    def stored(self, package):
        """Count a committed package."""
        self.packages -= 1
        if not self.packages:
            raise KilledError


class World:
    """An API's data, and the warehouses that load it."""

    def __init__(self, api, folder, number):
        self.api, self.number = api, number
        self.file = folder / "usage.duckdb"
        self.now = NOON
        api.now = lambda: self.now

    def load(self, start=None, packages=0, **given):
        """The same load into each warehouse, ended after some packages."""
        settings = resolve_settings(
            base_url=self.api.url,
            api_key=DEMO_API_KEY,
            **{"initial_days": 5, "backoff": 0.01, "max_wait": 5, "concurrency": 1},
            **given,
        )
        request = loading.Request(start, include_today=True)
        for destination in WAREHOUSES:
            with suppress(KilledError), self.opened(destination) as warehouse:
                stored = warehouse.stored(CLAUDE_CODE, settings.account)
                chosen = loading.plan(request, stored, self.now, settings)
                killer = Killer(packages)
                loading.load(
                    warehouse,
                    CLAUDE_CODE,
                    chosen,
                    settings,
                    killer,
                    clock=lambda: self.now,
                )
                if destination != "bigquery":
                    warehouse.build_views()

    def opened(self, destination):
        """An open warehouse."""
        is_shared = destination == "bigquery"  # the others have their own database
        dataset = f"history_{self.number}" if is_shared else "claude_code"
        return open_warehouse(destination, self.file, dataset, sole_writer=True)

    def held(self, destination):
        """All rows of all tables, and the next wanted days."""
        settings = resolve_settings(api_key=DEMO_API_KEY)
        with self.opened(destination) as warehouse:
            stored = {
                day: replace(found, load_id="")  # each warehouse has its own
                for day, found in warehouse.stored(
                    CLAUDE_CODE, settings.account
                ).items()
            }
            chosen = loading.plan(loading.Request(), stored, self.now, settings)
            tables = {
                name: rows(warehouse, name, but_for=OF_THE_CALL) for name in TABLES
            }
            return tables, stored, chosen.wanted

    def seen(self, destination):
        """All rows of all views."""
        with self.opened(destination) as warehouse:
            return {
                view.name: rows(warehouse, view.name, view=True, but_for=OF_THE_CALL)
                for view in models()
            }


def restated(said, day, choose):
    """Restate a day."""
    said = copy.deepcopy(said)
    change = choose(["add", "add", "duplicate", "withdraw", "reprice", "empty"])
    if change == "add" or not said:
        email = f"{choose('ABCabc')}@example.com"
        said.append(record(str(day), email, mood=choose(["fine", None, {"x": [1]}])))
    elif change == "duplicate":
        said.append(choose(said))
    elif change == "withdraw":
        said.remove(choose(said))
    elif change == "reprice":
        cents = {"currency": choose(["USD", "EUR"]), "amount": choose([7, "0.1", 0.3])}
        choose(said)["model_breakdown"][0]["estimated_cost"] = cents
    else:
        said.clear()
    return said


def live(world, history, chance):
    """Some time passes: days are restated, some fail, and one load runs."""
    world.now += timedelta(hours=chance.choice([1, 14, 30]))
    for day in chance.sample(DAYS, 5):
        history[str(day)] = restated(history.get(str(day), []), day, chance.choice)
    failing = {str(day) for day in chance.sample(DAYS, 2)}
    world.api.fault = lambda request: (
        error(404, "not_found_error", "no such day")
        if request.query.get("starting_at") in failing
        else None
    )
    world.load(
        start=chance.choice([None, DAYS[-1], DAYS[3]]),
        packages=chance.choice([0, 1, 2]),
        lookback=chance.randrange(4),
    )


@pytest.mark.parametrize("number", range(sample(quick=1, soak=20)))
def test_one_history_ends_in_the_same_rows_everywhere(
    number, database, bigquery, tmp_path, monkeypatch
):
    """After each load all hold the same rows, and at the end the same views."""
    monkeypatch.setattr(loading, "portions", partial(loading.portions, max_days=3))
    chance = dice(f"one history {number}")
    history = History()
    with served(history) as api:
        world = World(api, tmp_path, number)
        for loads in sample(quick=[2], soak=[1, 1, 1, 1]):
            for _ in range(loads):
                live(world, history, chance)
            duckdb, postgres, google = map(world.held, WAREHOUSES)

            assert duckdb == postgres
            assert duckdb == google

        api.fault = None
        world.now += timedelta(hours=1)
        world.load(start=DAYS[-1])
        duckdb, postgres, google = map(world.held, WAREHOUSES)

        assert duckdb == postgres
        assert duckdb == google
        assert world.seen("duckdb") == world.seen("postgres")
        assert sum(map(len, history.values())) == duckdb[0]["usage_report"].total()
