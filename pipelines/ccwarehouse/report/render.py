"""From a page to HTML: one file that holds its style, its script and its charts."""

import json
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from .blocks import Bar, Page
from .charts import Chart, draw_plot, draw_scale
from .charts.element import element, markup

POLICY = (
    "default-src 'none'; style-src {style}; script-src {script}; base-uri 'none';"
    " form-action 'none'"
)
TICK = 2  # pixels that a budget is wide


def render(page: Page) -> str:
    """The whole file as text. Everything in it is escaped but our own files."""
    style, script = asset("style.css"), asset("script.js")
    policy = POLICY.format(style=_digest(style), script=_digest(script))
    # the two files are ours; charts come escaped from their serialiser
    words = {"page": page, "policy": policy}
    return (
        _templates()
        .get_template("page.html.j2")
        .render(words, style=Markup(style), script=Markup(script))
    )


def asset(name: str) -> str:
    """A file beside the templates."""
    return files(__package__).joinpath("page", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _templates() -> Environment:
    made = Environment(
        loader=PackageLoader(__package__, "page"),
        autoescape=True,
        undefined=StrictUndefined,
    )
    made.globals |= {"plot": _plot, "scale": _scale, "hits": _hits, "drawn": _bar}
    return made


def _plot(chart: Chart) -> Markup:
    return markup(draw_plot(chart))


def _scale(chart: Chart) -> Markup:
    return markup(draw_scale(chart))


def _hits(chart: Chart) -> str:
    """A list per slot: its number, its title, and pairs of name and text."""
    rows = [[hit.slot, hit.title, *hit.rows] for hit in chart.hits]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"))


def _bar(bar: Bar) -> Markup:
    """A part of a bar in a table; a budget is a line."""
    if bar.paint == "bar-budget":
        x = f"{bar.left:.2f}%"
        return markup(
            element("rect", x=x, y=0, width=TICK, height=18, class_=bar.paint)
        )
    width = f"{bar.width:.2f}%"
    return markup(element("rect", x="0", y=3, width=width, height=12, class_=bar.paint))
