"""Spans of days, both ends included: cut at their edges, and joined without seams."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import TypeVar

from whole_days.calendar import ONE_DAY

Row = TypeVar("Row")


def pieces(spans: Iterable[tuple[date, date]]) -> Iterator[tuple[date, date]]:
    """All days since the first edge, apart wherever a span begins or ends.

    A piece lies wholly within a span or outside of it. The last one has no end.
    """
    edges: set[date] = set()
    for first, last in spans:
        edges.add(first)
        if last < date.max:
            edges.add(last + ONE_DAY)
    firsts = sorted(edges)
    lasts = [*(first - ONE_DAY for first in firsts[1:]), date.max]
    return zip(firsts, lasts, strict=False)


def joined(
    rows: Iterable[Row], as_one: Callable[[Row, Row], Row | None]
) -> Iterator[Row]:
    """The rows in their order. `as_one` gives a row in place of two, or None."""
    latest: Row | None = None
    for row in rows:
        one = latest and as_one(latest, row)
        if latest and not one:
            yield latest
        latest = one or row
    if latest:
        yield latest
