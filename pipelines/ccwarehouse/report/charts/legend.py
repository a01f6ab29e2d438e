"""What a colour or a line means, with its figure."""

from typing import NamedTuple


class Entry(NamedTuple):
    """`shape` is a square, a line, dots or a sign; it tells without the colour, too."""

    label: str
    value: str
    paint: str
    shape: str = "square"
