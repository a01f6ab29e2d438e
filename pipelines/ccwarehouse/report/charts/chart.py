"""A chart: what it shows, and how its two drawings come about."""

from dataclasses import dataclass
from typing import Final, NamedTuple

from . import axis
from .element import Element, element, group
from .frame import Frame
from .legend import Entry
from .marks import Layer
from .scale import Scale, Tick

SCALE_WIDTH: Final = 44  # pixels
HEIGHT: Final = 220


class Hit(NamedTuple):
    """What is said of a slot when it is pointed at: the very texts of the table."""

    slot: int
    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Chart:
    """Layers over slots. `name` is its picture's, `told` says it in a sentence."""

    name: str
    title: str
    told: str
    slots: int
    scale: Scale
    layers: tuple[Layer, ...]
    ticks: tuple[Tick, ...]
    hits: tuple[Hit, ...]
    legend: tuple[Entry, ...] = ()
    height: int = HEIGHT

    def frame(self, width: float | None = None) -> Frame:
        """Where its parts are, in per cent or in pixels of a width."""
        return Frame(self.slots, self.scale, self.height, width)


def draw_plot(chart: Chart, width: float | None = None) -> Element:
    """The plot: as wide as its place in the page, or of a width in pixels."""
    frame = chart.frame(width)
    layers = (mark for layer in chart.layers for mark in layer.draw(frame))
    return element(
        "svg",
        group(axis.grid(frame)),
        group(layers),
        group(axis.below(frame, chart.ticks)),
        width=frame.end,
        height=chart.height,
        overflow="visible",
    )


def draw_scale(chart: Chart) -> Element:
    """The scale, beside the plot so that no bar hides it."""
    return element(
        "svg",
        *axis.beside(chart.frame(), SCALE_WIDTH),
        width=SCALE_WIDTH,
        height=chart.height,
        aria_hidden="true",
    )
