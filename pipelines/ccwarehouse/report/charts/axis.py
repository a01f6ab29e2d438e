"""The lines behind the marks, and the texts below and beside them."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from typing import Final

from ..text import short_month
from .element import Element, element
from .frame import Frame
from .scale import Tick

NEAR: Final = 14  # slots between texts on a phone


def grid(frame: Frame) -> Iterator[Element]:
    """A line for each value of the scale."""
    for tick in frame.scale.ticks:
        y = round(frame.y(tick.at)) + 0.5
        paint = "base" if tick.at == 0 else "grid"
        yield element("line", x1="0", y1=y, x2=frame.end, y2=y, class_=paint)


def below(frame: Frame, ticks: Iterable[Tick]) -> Iterator[Element]:
    """The texts below the slots."""
    for tick in ticks:
        paint = "tick minor" if tick.is_minor else "tick"
        share = (tick.at + 0.5) / frame.slots
        anchor = "end" if share > 0.94 else "start" if share < 0.02 else "middle"
        yield element(
            "text",
            text=tick.text,
            x=frame.x(tick.at),
            y=frame.height - 7,
            text_anchor=anchor,
            class_=paint,
        )


def beside(frame: Frame, width: float) -> Iterator[Element]:
    """The values of the scale, to the right of a column this wide."""
    for tick in frame.scale.ticks:
        yield element(
            "text",
            text=tick.text,
            x=width,
            y=frame.y(tick.at) + 4,
            text_anchor="end",
            class_="tick",
        )


def date_ticks(days: Sequence[date]) -> tuple[Tick, ...]:
    """Months where they begin, and the Mondays that are not too close to them."""
    firsts = [slot for slot, day in enumerate(days) if day.day == 1]
    if not firsts or firsts[0] > 6:
        firsts.insert(0, 0)
    step = 7 if len(days) > 10 else 1
    # on a phone the first day would reach into a month that begins soon after
    ticks = [
        Tick(slot, _first(days[slot]), following - slot < NEAR)
        for slot, following in pairwise((*firsts, len(days) + NEAR))
    ]
    near = 3 if step == 7 else 1
    for slot, day in enumerate(days):
        is_shown = day.weekday() == 0 if step == 7 else True
        # the text of a first day that is no first of a month is twice as long
        is_free = all(
            abs(slot - first) > near * (1 if days[first].day == 1 else 2)
            for first in firsts
        )
        if is_shown and is_free:
            ticks.append(Tick(slot, str(day.day), is_minor=True))
    return tuple(sorted(ticks))


def _first(day: date) -> str:
    return short_month(day) if day.day == 1 else f"{day.day} {short_month(day)}"
