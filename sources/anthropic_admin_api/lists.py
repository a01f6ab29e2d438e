"""Whole lists of the API, in either of its styles of paging.

Most lists have cursors that are ids (`after_id`, `last_id`, `has_more`). Others have
pages (`page`, `next_page`), some of them without `has_more`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from whole_days.patience import Patience

from .client import ApiClient
from .cursors import Cursors
from .errors import ContractError
from .strict_json import loads_whole, objects

LIMIT = 1000

Element = Mapping[str, Any]


@dataclass(frozen=True)
class ListPage:
    """One reply; `parameter` is what sends the cursor of the next one."""

    elements: Sequence[Element]
    has_more: bool
    cursor: str | None
    parameter: str


async def elements(
    client: ApiClient, path: str, patience: Patience, **params: str
) -> list[Element]:
    """All elements of a list. Raises `DayError` if they do not come whole."""
    found: list[Element] = []
    cursors = Cursors("list")
    asked = {"limit": str(LIMIT), **params}
    while True:
        page = await client.patiently(path, asked, patience, read)
        found += page.elements
        if not page.has_more:
            return found
        is_empty = not page.elements
        asked[page.parameter] = cursors.after(page.cursor, is_empty=is_empty)


def read(body: bytes) -> ListPage:
    """A page. Raises `TransientError` and `ContractError`."""
    reply = loads_whole(body)
    data, has_more = objects(reply.get("data"), "data"), reply.get("has_more")
    style = "page" if "next_page" in reply else "after_id"
    cursor = reply.get("next_page" if style == "page" else "last_id")
    if not isinstance(cursor, str | None):
        raise ContractError("the cursor of the reply is no text")
    if has_more is None and style == "page":
        has_more = bool(cursor)
    if not isinstance(has_more, bool):
        raise ContractError("the reply does not say whether the list has more")
    return ListPage(data, has_more, cursor, style)
