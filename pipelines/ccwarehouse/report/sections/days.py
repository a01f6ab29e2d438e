"""What all charts by day have: gaps, pale days, names of days."""

from collections.abc import Sequence
from datetime import date
from itertools import groupby
from typing import Final

from .. import text
from ..charts import Gaps
from ..figures import CurrencyFigures, Figures

LEAST_SLOTS: Final = 28  # so that a few days are not a few walls


def gaps(figures: Figures, days: Sequence[date]) -> Gaps:
    """The days of a chart that were not fetched, neighbours together."""
    known = figures.days
    missing = [slot for slot, day in enumerate(days) if day not in known]
    runs = []
    for _, found in groupby(enumerate(missing), lambda pair: pair[1] - pair[0]):
        slots = [slot for _, slot in found]
        runs.append((slots[0], slots[-1]))
    return Gaps(tuple(runs))


def pale(figures: Figures, days: Sequence[date]) -> frozenset[int]:
    """The days of a chart that are provisional."""
    found = (slot for slot, day in enumerate(days) if figures.days.get(day) is False)
    return frozenset(found)


def dated(figures: Figures, day: date) -> str:
    is_final = figures.days.get(day)
    state = " (missing)" if is_final is None else "" if is_final else " (provisional)"
    return f"{text.weekday_day(day)} {day.year}{state}"


def caption(spent: CurrencyFigures, words: str) -> str:
    """Of two tables with the same words each has a name of its own."""
    many = len(spent.all.currencies) > 1
    return f"{words}, {text.plain(spent.currency, 12)}" if many else words
