"""Answer a report in buckets of a UTC day, as the Usage and Cost API does.

The results of a day are given by all fields; the query says by which of them they are
grouped. The others are null, and what is counted is added up. Every day has a bucket,
the empty ones too, up to the running day. A cursor is the next day, as the API's is.
"""

import base64
import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from typing import Any

from .lists import limit_of
from .refusal import RefusedError
from .request import Request

Result = dict[str, Any]
Results = Callable[[dt.date, dt.date], list[Result]]

DEFAULT_LIMIT, MAX_LIMIT = 7, 31
COST_GROUPS = {
    "workspace_id": ("workspace_id",),
    # the API takes the description apart
    "description": (
        *("description", "cost_type", "model", "token_type"),
        *("context_window", "service_tier", "inference_geo"),
    ),
}
MESSAGES_GROUPS = {
    name: (name,)
    for name in (
        *("account_id", "api_key_id", "context_window", "inference_geo", "model"),
        *("service_account_id", "service_tier", "workspace_id"),
    )
}


def buckets(
    request: Request,
    results: Results,
    groups: Mapping[str, Sequence[str]],
    today: dt.date,
) -> dict[str, Any]:
    """The reply; `results` is given the day and today. Raises `RefusedError`."""
    query = request.query
    if query.get("bucket_width", "1d") != "1d":
        raise RefusedError(400, "bucket_width: only 1d is served here")
    first, end = range_of(query, today)
    first = _place(query["page"]) if "page" in query else first
    shown = shown_by(request.all("group_by[]"), groups)
    starts = [first + dt.timedelta(n) for n in range((end - first).days)]
    limit = limit_of(query, DEFAULT_LIMIT, MAX_LIMIT)
    rest = starts[limit:]
    return {
        "data": [
            _bucket(day, _grouped(results(day, today), shown)) for day in starts[:limit]
        ],
        "has_more": bool(rest),
        "next_page": _cursor(rest[0]) if rest else None,
    }


def range_of(query: Mapping[str, str], today: dt.date) -> tuple[dt.date, dt.date]:
    """The first day, and the day after the last one."""
    first = _day(query, "starting_at")
    if first > today:
        raise RefusedError(400, "starting_at: must not be in the future")
    end = _day(query, "ending_at") if "ending_at" in query else dt.date.max
    if end <= first:
        raise RefusedError(400, "ending_at: must be after starting_at")
    return first, min(end, today + dt.timedelta(1))


def _day(query: Mapping[str, str], name: str) -> dt.date:
    with suppress(ValueError):
        moment = dt.datetime.fromisoformat(query.get(name, ""))
        if moment.tzinfo:
            return moment.astimezone(dt.UTC).date()
    raise RefusedError(400, f"{name}: must be a time as in 2025-09-01T00:00:00Z")


def shown_by(asked: Sequence[str], groups: Mapping[str, Sequence[str]]) -> set[str]:
    """The fields that a grouping shows. Raises `RefusedError`."""
    for name in asked:
        if name not in groups:
            raise RefusedError(400, f"group_by: {name} is not one of {sorted(groups)}")
    return {field for name in asked for field in groups[name]}


def _cursor(day: dt.date) -> str:
    return "page_" + base64.b64encode(f"{day}T00:00:00Z".encode()).decode()


def _place(page: str) -> dt.date:
    with suppress(ValueError):
        text = base64.b64decode(page.removeprefix("page_")).decode()
        return dt.datetime.fromisoformat(text).date()
    raise RefusedError(400, "page: not a cursor of this endpoint")


def _bucket(day: dt.date, results: list[Result]) -> dict[str, Any]:
    return {
        "starting_at": f"{day}T00:00:00Z",
        "ending_at": f"{day + dt.timedelta(1)}T00:00:00Z",
        "results": results,
    }


def _grouped(results: list[Result], shown: set[str]) -> list[Result]:
    """The results with the fields that are shown, equal ones added up."""
    sums: dict[tuple[Any, ...], Result] = {}
    for result in results:
        blank = {
            name: value if name in shown or _is_counted(name, value) else None
            for name, value in result.items()
        }
        key = tuple(
            value for name, value in blank.items() if not _is_counted(name, value)
        )
        sums[key] = _sum(sums[key], blank) if key in sums else blank
    return list(sums.values())


def _is_counted(name: str, value: object) -> bool:
    return name in ("amount", "currency") or isinstance(value, int | dict)


def _sum(one: Result, other: Result) -> Result:
    return {name: _added(name, one[name], other[name]) for name in one}


def _added(name: str, one: Any, other: Any) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(one, dict):
        return _sum(one, other)
    if name == "amount":
        return f"{Decimal(one) + Decimal(other):f}"
    return one + other if isinstance(one, int) else one
