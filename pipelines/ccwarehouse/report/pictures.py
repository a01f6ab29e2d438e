"""Charts as pictures of their own: SVG for whoever edits them, PNG for slides.

resvg draws them. It knows neither `var()` nor the page's layout, so colours are put
into the style and all places are in pixels. Without a font it draws no text and says
nothing; so a letter is tried first.
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

# Of these resvg takes the first one that is there. It looks for no other.
FAMILIES: Final = (
    *("DejaVu Sans", "Liberation Sans", "Noto Sans", "Open Sans", "Roboto", "Ubuntu"),
    *("Cantarell", "FreeSans", "Nimbus Sans", "Segoe UI", "Helvetica", "Arial"),
)
NO_EXTRA: Final = (
    "--png needs the extra png. Install it: pip install 'ccwarehouse[png]'"
)
NO_FONT: Final = (
    "--png found none of the fonts it knows, and charts without text say nothing."
    " Install one, for example: apt-get install fonts-dejavu-core"
)
NO_FOLDER: Final = "--png names {folder}, which is no folder. Create it."


def require_font(folder: Path) -> None:
    """Raise where no picture can be drawn or put."""
    if not folder.is_dir():
        raise ImpossibleNameError(NO_FOLDER.format(folder=folder))
    if find_spec("resvg_py") is None:
        raise PictureError(NO_EXTRA)
    if not _draws_text():
        raise PictureError(NO_FONT)


def _draws_text() -> bool:
    """Whether a letter leaves a trace."""
    letter = element("text", text="X", x=2, y=18, class_="tick")
    drawn = _alone(element("style", text=_style()), letter, width=20, height=20)
    return _png(drawn) != _png(drawn, has_fonts=False)


def draw_pictures(charts: Sequence[Chart], folder: Path) -> list[Path]:
    """Write an SVG and a PNG of each chart; returns the files."""
    written = []
    for chart in charts:
        svg = picture(chart)
        for ending, data in (("svg", svg.encode()), ("png", _png(svg))):
            file = folder / f"{chart.name}.{ending}"
            with file_sink(file) as sink:
                sink.write(data)
            written.append(file)
    return written


def _png(svg: str, *, has_fonts: bool = True) -> bytes:
    import resvg_py  # noqa: PLC0415 - an extra

    return bytes(
        resvg_py.svg_to_bytes(
            svg_string=svg,
            zoom=TWICE,
            background="#ffffff",
            skip_system_fonts=not has_fonts,
        )
    )


def picture(chart: Chart) -> str:
    """A chart with title, legend, scale and colours: an SVG that stands alone."""
    plot = WIDTH - 2 * MARGIN - SCALE_WIDTH - GAP
    drawn = draw_plot(chart, plot)
    drawn.set("x", str(MARGIN + SCALE_WIDTH + GAP))
    drawn.set("y", str(ABOVE))
    height = ABOVE + chart.height + MARGIN // 2
    return _alone(
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
        width=WIDTH,
        height=height,
        told=chart.told,
    )


def _alone(*children: Element, width: int, height: int, told: str = "") -> str:
    """An SVG that is a file of its own."""
    made = element(
        "svg",
        *children,
        xmlns=NAMESPACE,
        width=width,
        height=height,
        role="img",
        aria_label=told,
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
        f"text {{ font-family: {', '.join(map(repr, FAMILIES))}; }}",
        ".card { fill: var(--card); }",
        ".title { font-size: 17px; font-weight: bold; fill: var(--ink); }",
        ".entry { font-size: 13px; fill: var(--soft); }",
    )
    text = "\n".join((*own, *rules))
    return re.sub(r"var\((--[\w-]+)\)", lambda found: colours[found[1]], text)
