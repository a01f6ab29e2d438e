"""Charts as pictures of their own: SVG for whoever edits them, PNG for slides.

resvg draws them. It knows neither `var()` nor the page's layout, so colours are put
into the style and all places are in pixels. Without a font it draws no text and says
nothing; so a font is looked for first.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from ..export import file_sink
from ..warehouses import ImpossibleNameError
from .charts import Chart, Entry, draw_plot
from .charts.axis import beside
from .charts.chart import SCALE_WIDTH
from .charts.element import Element, element, group, markup
from .errors import PictureError
from .render import asset

WIDTH: Final = 960
MARGIN: Final = 24
ABOVE: Final = 72  # pixels for title and legend
GAP: Final = 8  # between scale and plot
LETTER: Final = 6.9  # pixels that one takes in the legend, about
TWICE: Final = 2  # pixels of the PNG for one of the SVG
NAMESPACE: Final = "http://www.w3.org/2000/svg"

FAMILY: Final = "'DejaVu Sans', 'Liberation Sans', 'Segoe UI', Helvetica, Arial"
FONTS: Final = (
    "/usr/share/fonts",
    "/usr/local/share/fonts",
    "/System/Library/Fonts",
    "/Library/Fonts",
    "C:/Windows/Fonts",
    "~/.fonts",
    "~/.local/share/fonts",
)
NO_EXTRA: Final = (
    "--png needs the extra png. Install it: pip install 'ccwarehouse[png]'"
)
NO_FONT: Final = (
    "--png found no font, and charts without text say nothing. Install one, for"
    " example: apt-get install fonts-dejavu-core"
)
NO_FOLDER: Final = "--png names {folder}, which is no folder. Create it."


def require_font(folder: Path) -> None:
    """Raise where no picture can be drawn or put."""
    if not folder.is_dir():
        raise ImpossibleNameError(NO_FOLDER.format(folder=folder))
    if find_spec("resvg_py") is None:
        raise PictureError(NO_EXTRA)
    if not any(_fonts()):
        raise PictureError(NO_FONT)


def _fonts() -> Iterator[Path]:
    """The fonts of this machine, in a fixed order."""
    for place in FONTS:
        for ending in ("ttf", "otf", "ttc"):
            yield from sorted(Path(place).expanduser().rglob(f"*.{ending}"))


def draw_pictures(charts: Sequence[Chart], folder: Path) -> list[Path]:
    """Write an SVG and a PNG of each chart; returns the files."""
    import resvg_py  # noqa: PLC0415 - an extra

    written = []
    for chart in charts:
        svg = picture(chart)
        png = resvg_py.svg_to_bytes(svg_string=svg, zoom=TWICE, background="#ffffff")
        for ending, data in (("svg", svg.encode()), ("png", bytes(png))):
            file = folder / f"{chart.name}.{ending}"
            with file_sink(file) as sink:
                sink.write(data)
            written.append(file)
    return written


def picture(chart: Chart) -> str:
    """A chart with title, legend, scale and colours: an SVG that stands alone."""
    plot = WIDTH - 2 * MARGIN - SCALE_WIDTH - GAP
    drawn = draw_plot(chart, plot)
    drawn.set("x", str(MARGIN + SCALE_WIDTH + GAP))
    drawn.set("y", str(ABOVE))
    height = ABOVE + chart.height + MARGIN // 2
    made = element(
        "svg",
        element("style", text=_style()),
        element("rect", width=WIDTH, height=height, class_="card"),
        element("text", text=chart.title, x=MARGIN, y=32, class_="title"),
        group(_legend(chart.legend)),
        element(
            "g",
            *beside(chart.frame(), SCALE_WIDTH),
            transform=f"translate({MARGIN} {ABOVE})",
        ),
        drawn,
        xmlns=NAMESPACE,
        width=WIDTH,
        height=height,
        role="img",
        aria_label=chart.told,
    )
    return f"{markup(made)}\n"


def _legend(entries: Sequence[Entry]) -> Iterator[Element]:
    x = float(MARGIN)
    for entry in entries:
        text = f"{entry.label} {entry.value}".strip()
        if entry.shape == "square":
            yield element(
                "rect", x=x, y=47, width=12, height=12, class_=f"fill {entry.paint}"
            )
        elif entry.shape == "sign":
            yield element("path", d=f"M{x + 2:g} 49h9l-4.5 7z", class_="sign")
        else:
            yield element(
                "line", x1=x, y1=53, x2=x + 14, y2=53, class_=f"stroke {entry.paint}"
            )
        yield element("text", text=text, x=x + 20, y=57, class_="entry")
        x += 20 + LETTER * len(text) + 18


def _style() -> str:
    """The page's rules for charts, with the colours of its light scheme."""
    style = asset("style.css")
    light = style.partition("}")[0]
    colours = dict(re.findall(r"(--[\w-]+):\s*([^;]+);", light))
    rules = re.findall(
        r"^\.(?:tick|grid|base|gap|gap-word|sign|pale|stroke|fill)\b[^{]*\{[^}]*\}",
        style,
        re.MULTILINE,
    )
    own = (
        f"text {{ font-family: {FAMILY}; }}",
        ".card { fill: var(--card); }",
        ".title { font-size: 17px; font-weight: bold; fill: var(--ink); }",
        ".entry { font-size: 13px; fill: var(--soft); }",
    )
    text = "\n".join((*own, *rules))
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colours[found[1]], text)
