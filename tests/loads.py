"""Load a made-up history into a real DuckDB file, over real HTTP."""

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi
from api import EXAMPLE
from ccwarehouse.load import Request, load, plan
from ccwarehouse.outcome import Outcome
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.words.progress import Silence
from claude_code_analytics import CLAUDE_CODE, resolve_settings
from claude_code_analytics.preflight import Preflight, preflight
from whole_days.clock import ApiClock
from whole_days.report import Report

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
TABLES = ("usage_report", "usage_report__model_breakdown", "usage_report__tool_actions")


def record(day: str, email: str = "dev@example.com", **fields: object) -> dict:
    """The contract's example with another day, user and fields."""
    made = copy.deepcopy(EXAMPLE) | {"date": f"{day}T00:00:00Z"} | fields
    if "actor" not in fields:
        made["actor"]["email_address"] = email
    return made


class History(dict):
    """The API's records by day (ISO text -> records); other days are empty."""

    def __call__(self, day: date) -> list[dict]:
        return self.get(day.isoformat(), [])


@contextmanager
def served(history: History) -> Iterator[FakeApi]:
    """A fake API that serves this history, with its clock at the tests' noon."""
    with FakeApi(history, now=lambda: NOON) as api:
        yield api


def four_days_of_emea(api: FakeApi) -> dict[str, str]:
    """The variables of a load of four days, one after another, with few retries."""
    return {
        "SOURCES__CLAUDE_CODE_ANALYTICS__BASE_URL": api.url,
        "SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNT": "emea",
        "SOURCES__CLAUDE_CODE_ANALYTICS__INITIAL_DAYS": "4",
        "SOURCES__CLAUDE_CODE_ANALYTICS__CONCURRENCY": "1",
        "SOURCES__CLAUDE_CODE_ANALYTICS__BACKOFF": "0.01",
        "SOURCES__CLAUDE_CODE_ANALYTICS__MAX_WAIT": "0.3",
        "ANTHROPIC_ADMIN_KEY": DEMO_API_KEY,
    }


def load_from(
    api: FakeApi,
    database: Path,
    start: str | None = None,
    end: str | None = None,
    now: datetime = NOON,
    *,
    include_today: bool = False,
    views: bool = False,
    destination: str = "duckdb",
    dataset: str = "claude_code",
    asks_first: bool = False,
    replace_organisation: bool = False,
    report: Report = CLAUDE_CODE,
    **settings: object,
) -> Outcome:
    """One load as the command line does it; views only with `views`.

    The API's clock shows the same time. With `asks_first` it shows its own, and the
    load starts with the call that asks for it.
    """
    given = {"initial_days": 3, "backoff": 0.01, "max_wait": 5} | settings
    resolved = resolve_settings(base_url=api.url, api_key=DEMO_API_KEY, **given)
    request = Request(
        start and date.fromisoformat(start),
        end and date.fromisoformat(end),
        include_today,
        replace_organisation,
    )
    with showing(api, None if asks_first else now):
        if asks_first:
            before = preflight(resolved, clock=lambda: now)
        else:
            before = Preflight(ApiClock(lambda: now), is_admitted=False)
        with open_warehouse(
            destination, database, dataset, sole_writer=True
        ) as warehouse:
            stored = warehouse.stored(report, resolved.account)
            chosen = plan(request, stored, before.clock(), resolved)
            outcome = load(
                warehouse,
                report,
                chosen,
                resolved,
                Silence(),
                before.clock,
                is_admitted=before.is_admitted,
            )
            if views:
                warehouse.keep_views()
    return outcome


@contextmanager
def showing(api: FakeApi, now: datetime | None) -> Iterator[None]:
    """The API with this time on its clock; None keeps its own."""
    its_own = api.now
    if now:
        api.now = lambda: now
    yield
    api.now = its_own


def query(database: Path, sql: str) -> list[tuple]:
    """The rows of a query."""
    with duckdb.connect(database, read_only=True) as connection:
        return connection.sql(sql).fetchall()


def execute(database: Path, sql: str) -> None:
    """Change the database without the loader."""
    with duckdb.connect(database) as connection:
        connection.execute(sql)


def stored_rows(
    database: Path, tables: Sequence[str] = TABLES
) -> dict[str, list[tuple]]:
    """The rows of some tables, without their load ids."""
    return {
        table: sorted(
            query(
                database, f"select * exclude (_dlt_load_id) from claude_code.{table}"
            ),
            key=repr,
        )
        for table in tables
    }
