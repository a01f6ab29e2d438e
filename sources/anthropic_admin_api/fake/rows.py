"""Answer a report in rows, as the beta of cost and usage by dimension does.

The rows of a day are given by all dimensions; the query says which of them are shown.
The others are null, and the numbers of equal groups are added up. A day without rows is
not told of. Rows come by what they cost or count, so that days lie across the pages.
"""

import base64
import datetime as dt
import json
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from .buckets import range_of, shown_by
from .lists import limit_of
from .refusal import RefusedError
from .request import Request

Row = dict[str, Any]
Rows = Callable[[dt.date, dt.date], list[Row]]

BETA = "analytics-usage-cost-2026-08-24"
FIRST_DAY, DAYS_BACK = dt.date(2026, 1, 1), 365
DAYS_UNLESS_TOLD = 31
DEFAULT_LIMIT, MAX_LIMIT = 20, 1000
USAGE_GROUPS = {
    name: (name,)
    for name in ("actor", "api_key_id", "model", "product", "workspace_id")
}
COST_GROUPS = USAGE_GROUPS | {name: (name,) for name in ("cost_type", "token_type")}


def rows(request: Request, told: Rows, metrics: str, today: dt.date) -> dict[str, Any]:
    """The reply; `told` is given the day and today. Raises `RefusedError`.

    `metrics` is the field of a row with its numbers.
    """
    query = request.query
    if BETA not in request.headers.get("anthropic-beta", ""):
        raise RefusedError(400, f"anthropic-beta: {BETA} is required")
    if query.get("time_bucket_width") != "1d":
        raise RefusedError(400, "time_bucket_width: only 1d is served here")
    groups = COST_GROUPS if metrics == "cost" else USAGE_GROUPS
    shown = shown_by(request.all("group_by[]"), groups)
    limit = limit_of(query, DEFAULT_LIMIT, MAX_LIMIT)
    found = [
        row
        for day in _days(request, today)
        for row in _grouped(told(day, today), shown, metrics, day)
    ]
    found.sort(key=lambda row: _size(row[metrics]), reverse=True)
    start = _place(query["page"]) if "page" in query else 0
    has_more = start + limit < len(found)
    return {
        "data": found[start : start + limit],
        "has_more": has_more,
        "next_page": _cursor(start + limit) if has_more else None,
    }


def _days(request: Request, today: dt.date) -> list[dt.date]:
    first, end = range_of(request.query, today)
    if first < max(FIRST_DAY, today - dt.timedelta(DAYS_BACK - 1)):
        raise RefusedError(
            400, "starting_at: must be within a year and not before 2026"
        )
    if "ending_at" not in request.query:
        end = min(end, first + dt.timedelta(DAYS_UNLESS_TOLD))
    return [first + dt.timedelta(n) for n in range((end - first).days)]


def _grouped(told: list[Row], shown: set[str], metrics: str, day: dt.date) -> list[Row]:
    sums: dict[str, Row] = {}
    for row in told:
        group = {n: value if n in shown else None for n, value in row["group"].items()}
        key = json.dumps(group, sort_keys=True)
        known = sums.get(key)
        numbers = _sum(known[metrics], row[metrics]) if known else row[metrics]
        sums[key] = {
            "starting_at": f"{day}T00:00:00Z",
            "ending_at": f"{day + dt.timedelta(1)}T00:00:00Z",
            "group": group,
            metrics: numbers,
        }
    return list(sums.values())


def _sum(one: Row, other: Row) -> Row:
    return {name: _added(value, other[name]) for name, value in one.items()}


def _added(one: Any, other: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(one, dict):
        return _sum(one, other)
    if isinstance(one, int):
        return one + other
    with suppress(ArithmeticError, TypeError):  # a currency, or nothing
        return f"{Decimal(one) + Decimal(other):f}"
    return one


def _size(numbers: Row) -> Decimal:
    return Decimal(numbers.get("amount") or numbers.get("total_tokens") or 0)


def _cursor(start: int) -> str:
    return "page_" + base64.b64encode(str(start).encode()).decode()


def _place(page: str) -> int:
    with suppress(ValueError):
        return int(base64.b64decode(page.removeprefix("page_")))
    raise RefusedError(400, "page: not a cursor of this endpoint")
