"""Answer a list with cursors that are ids of its elements."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from .refusal import RefusedError

Element = Mapping[str, Any]

DEFAULT_LIMIT, MAX_LIMIT = 20, 1000


def listed(
    query: Mapping[str, str], elements: Sequence[Element], key: str = "id"
) -> dict[str, Any]:
    """The reply: a page of the elements. Raises `RefusedError` for a wrong query."""
    ids = [element[key] for element in elements]
    start = 0
    if after := query.get("after_id"):
        if after not in ids:
            raise RefusedError(400, "after_id: no such element")
        start = ids.index(after) + 1
    end = start + limit_of(query, DEFAULT_LIMIT, MAX_LIMIT)
    page = ids[start:end]
    return {
        "data": list(elements[start:end]),
        "has_more": end < len(ids),
        "first_id": page[0] if page else None,
        "last_id": page[-1] if page else None,
    }


def limit_of(query: Mapping[str, str], default: int, most: int) -> int:
    """How many there are on a page. Raises `RefusedError`."""
    with suppress(ValueError):
        limit = int(query.get("limit", default))
        if 1 <= limit <= most:
            return limit
    raise RefusedError(400, f"limit: must be a number from 1 to {most}")
