"""Days and numbers as text."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime

from whole_days.calendar import spans


def dates(days: Iterable[date]) -> str:
    """Days in any order as ranges, for people."""
    return ", ".join(span(first, last) for first, last in spans(sorted(days)))


def span(first: date, last: date) -> str:
    """A range of days, or the one day, for people."""
    return f"{first}" if first == last else f"{first} to {last}"


def count(number: int, noun: str) -> str:
    """A number of things, for people."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def standing_numbers(read_at: Mapping[date, datetime], now: datetime) -> str:
    """Says that the stored numbers of days are still used, and how old they are."""
    hours = [int((now - then).total_seconds()) // 3600 for then in read_at.values()]
    youngest, oldest = min(hours), max(hours)
    between = "" if youngest == oldest else f"{youngest:,} to "
    old = f"{between}{count(oldest, 'hour')} old"
    return f"The stored numbers of {dates(read_at)} are still used, {old}"
