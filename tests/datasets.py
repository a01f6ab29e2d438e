"""A small dataset with some of everything, in any warehouse, and what is in it."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from anthropic_admin_api.fake import error
from ccwarehouse.inputs import read_budgets, read_teams
from ccwarehouse.outcome import Outcome
from ccwarehouse.reports import usual_tables
from ccwarehouse.warehouses import copy_dataset, open_warehouse
from loads import NOON, History, load_from, record, served

NEXT_NOON = NOON + timedelta(days=1)
REASON = "error"  # names the request, by a random id
LOST = "2026-03-08"  # the day that cannot be fetched the first time
FINE = {
    "model": "opus",
    "tokens": {"input": 2**40},
    "estimated_cost": {
        "currency": "USD",
        "amount": "1234567.123456789012345678901234",
    },
}
TEAMS = "actor,team,valid_from,valid_to\nann@example.com,Data,2026-03-01,\n"
BUDGETS = "scope,name,month,amount,currency\nteam,Data,2026-03,12.50,USD\n"


def first_days() -> History:
    """Four days of two people, one of them empty, one with a field that is new."""
    days = {
        f"2026-03-0{day}": [record(f"2026-03-0{day}", f"{name}@example.com")]
        for day, name in ((6, "ann"), (8, "bob"), (9, "bob"))
    }
    days["2026-03-09"][0]["tomorrows_field"] = "it's\na text; with \\ and \u00fc"
    days["2026-03-09"][0]["model_breakdown"] = [FINE]
    days["2026-03-08"][0]["is_remote"] = None
    return History(days)


def restated() -> History:
    """The same days a day later: two restated, and one more."""
    more = {
        LOST: [record(LOST, "cay@example.com")],
        "2026-03-10": [record("2026-03-10")],
    }
    return History(first_days() | more)


def others_days() -> History:
    """The days of another organisation."""
    return History(
        {"2026-03-09": [record("2026-03-09", "ann@example.com", organization_id="b")]}
    )


def load_first(place: dict[str, Any], *, views: bool = False) -> None:
    """Two accounts, a failed day, a restated one, teams and budgets."""
    with served(first_days()) as api:
        api.fault = lambda request: (
            error(404, "lost") if request.query["starting_at"] == LOST else None
        )
        load_from(api, **place, initial_days=4)
        api.fault = lambda _: None
        api.usage["2026-03-09"] *= 2
        load_from(api, **place)
    with served(others_days()) as api:
        load_from(api, **place, account="beta")
    with opened(place, sole_writer=True) as warehouse, TemporaryDirectory() as folder:
        teams, budgets = Path(folder, "teams.csv"), Path(folder, "budgets.csv")
        teams.write_text(TEAMS)
        budgets.write_text(BUDGETS)
        warehouse.store_inputs([read_teams(teams, 1), read_budgets(budgets)], NOON)
        if views:
            warehouse.build_views()


def load_next(place: dict[str, Any], *, views: bool = False) -> Outcome:
    """The next night's load of the first account."""
    with served(restated()) as api:
        return load_from(api, **place, now=NEXT_NOON, views=views)


def copied(source: dict[str, Any], target: dict[str, Any]) -> dict[str, int]:
    """Copy as the command does; returns the rows of each table."""
    with opened(source, is_still=True) as whole, opened(target, sole_writer=True) as to:
        return copy_dataset(whole, to)


def rows_of(place: dict[str, Any]) -> dict[str, Counter]:
    """The rows of each table that loads write, without load ids and reasons."""
    found = {}
    with client_of(place) as client:
        for name, table in usual_tables().items():
            columns = ", ".join(
                client.escape_column_name(column.name)
                for column in table.columns
                if column.name != REASON
            )
            path = client.make_qualified_table_name(name)
            rows = client.execute_sql(f"select {columns} from {path}")
            found[name] = Counter(map(tuple, rows))
    return found


@contextmanager
def opened(place: dict[str, Any], **access: bool) -> Iterator[Any]:
    """The warehouse of a place."""
    with open_warehouse(
        place.get("destination", "duckdb"),
        place["database"],
        place.get("dataset", "claude_code"),
        **access,
    ) as warehouse:
        yield warehouse


@contextmanager
def client_of(place: dict[str, Any]) -> Iterator[SqlClientBase[Any]]:
    """A SQL client of a place."""
    with opened(place) as warehouse, warehouse.client() as client:
        yield client
