"""SVG elements. The serialiser escapes all text and all attributes."""

from collections.abc import Iterable
from xml.etree import ElementTree

from markupsafe import Markup

Element = ElementTree.Element


def element(
    tag: str, *children: Element, text: str | None = None, **attributes: str | float
) -> Element:
    """An element; `class_` is the attribute class, and `_` in other names a hyphen."""
    made = ElementTree.Element(tag)
    for name, value in attributes.items():
        made.set(name.rstrip("_").replace("_", "-"), _attribute(value))
    made.text = text
    made.extend(children)
    return made


def group(elements: Iterable[Element], paint: str = "") -> Element:
    """Elements in a `g`."""
    made = element("g", *elements)
    if paint:
        made.set("class", paint)
    return made


def markup(made: Element) -> Markup:
    """The element as text that a template does not escape again."""
    return Markup(ElementTree.tostring(made, encoding="unicode"))


def number(value: float) -> str:
    """Two places at most, the same on every machine."""
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"


def _attribute(value: str | float) -> str:
    return value if isinstance(value, str) else number(value)
