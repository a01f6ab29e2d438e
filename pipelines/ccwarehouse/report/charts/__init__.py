"""Charts as SVG, for a page and for pictures.

A `Chart` is data: layers of marks over slots, a scale, ticks and a legend. It is drawn
in per cent of whatever width a page gives it, so that text keeps its size and no script
is needed, or in pixels as a picture of its own.
"""

from .chart import Chart, Hit, draw_plot, draw_scale
from .legend import Entry
from .marks import Bars, Gaps, Level, Line, Marks, Segment
from .scale import Scale, Tick

__all__ = [
    "Bars",
    "Chart",
    "Entry",
    "Gaps",
    "Hit",
    "Level",
    "Line",
    "Marks",
    "Scale",
    "Segment",
    "Tick",
    "draw_plot",
    "draw_scale",
]
