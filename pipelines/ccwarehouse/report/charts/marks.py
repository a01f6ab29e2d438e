"""What a chart draws over its slots, a class per kind of mark."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, NamedTuple, Protocol

from .element import Element, element, group
from .frame import ABOVE, Frame

FULL: Final = 0.78  # of a slot is bar, the rest is air
GAP: Final = 1  # pixels between the segments of a bar


class Layer(Protocol):
    """Marks of one kind."""

    def draw(self, frame: Frame) -> Iterator[Element]:
        """The elements, those in the back first."""


class Segment(NamedTuple):
    """A part of a bar."""

    value: float
    paint: str


@dataclass(frozen=True)
class Bars:
    """A stack of segments per slot, the first one at the bottom; `pale` are some."""

    stacks: Sequence[Sequence[Segment]]
    pale: frozenset[int] = frozenset()

    def draw(self, frame: Frame) -> Iterator[Element]:
        """A group for each slot that has something."""
        for slot, stack in enumerate(self.stacks):
            if segments := list(_segments(frame, slot, stack)):
                paint = "pale" if slot in self.pale else ""
                yield group(segments, paint)


def _segments(frame: Frame, slot: int, stack: Sequence[Segment]) -> Iterator[Element]:
    base = 0.0
    for value, paint in stack:
        if value <= 0:
            continue
        bottom, top = frame.y(base), frame.y(base + value)
        # a sliver keeps its height, or it would be gone
        cut = GAP if base and bottom - top > 2 * GAP else 0
        base += value
        yield element(
            "rect",
            x=frame.left(slot, FULL),
            y=top,
            width=frame.wide(FULL),
            height=max(bottom - top - cut, 0.5),
            class_=f"fill {paint}",
        )


@dataclass(frozen=True)
class Line:
    """A line through the slots that have a value; it breaks where one has none."""

    values: Sequence[float | None]
    paint: str
    first: int = 0
    has_dots: bool = False

    def draw(self, frame: Frame) -> Iterator[Element]:
        """Segments, as a path knows no per cent. A point alone is a dot."""
        points = list(enumerate(self.values, self.first))
        for (slot, value), (next_slot, next_value) in pairwise(points):
            if value is not None and next_value is not None:
                yield element(
                    "line",
                    x1=frame.x(slot),
                    y1=frame.y(value),
                    x2=frame.x(next_slot),
                    y2=frame.y(next_value),
                    class_=f"stroke {self.paint}",
                )
        for place, (slot, value) in enumerate(points):
            if value is not None and (self.has_dots or self._is_alone(place)):
                yield element(
                    "circle",
                    cx=frame.x(slot),
                    cy=frame.y(value),
                    r=2.5,
                    class_=f"fill {self.paint}",
                )

    def _is_alone(self, place: int) -> bool:
        around = (
            *self.values[max(0, place - 1) : place],
            *self.values[place + 1 :][:1],
        )
        return all(value is None for value in around)


@dataclass(frozen=True)
class Level:
    """A value that does not change, from edge to edge, as a budget."""

    value: float
    paint: str

    def draw(self, frame: Frame) -> Iterator[Element]:
        """One line."""
        y = frame.y(self.value)
        yield element(
            "line", x1="0", y1=y, x2=frame.end, y2=y, class_=f"stroke {self.paint}"
        )


@dataclass(frozen=True)
class Gaps:
    """Slots of which nothing is known. Neighbours are one column with one word."""

    runs: Sequence[tuple[int, int]]
    word: str = "missing"

    def draw(self, frame: Frame) -> Iterator[Element]:
        """A column over the whole height, and the word above it."""
        for first, last in self.runs:
            yield element(
                "rect",
                x=frame.left(first),
                y=ABOVE,
                width=frame.wide(last - first + 1),
                height=frame.floor - ABOVE,
                class_="gap",
            )
            middle = (first + last) / 2
            # at the edges the word begins or ends there
            anchor, x = "middle", frame.x(middle)
            if middle / frame.slots > 0.94:
                anchor, x = "end", frame.x(last + 0.5)
            elif middle / frame.slots < 0.06:
                anchor, x = "start", frame.x(first - 0.5)
            yield element(
                "text", text=self.word, x=x, y=11, text_anchor=anchor, class_="gap-word"
            )


@dataclass(frozen=True)
class Marks:
    """A triangle above the bars of some slots, by the heights of these."""

    heights: dict[int, float]

    def draw(self, frame: Frame) -> Iterator[Element]:
        """A small drawing of its own at each place, as a path knows no per cent."""
        for slot, value in self.heights.items():
            path = element("path", d="M-4.5 -11h9l-4.5 7z", class_="sign")
            yield element(
                "svg", path, x=frame.x(slot), y=frame.y(value), overflow="visible"
            )
