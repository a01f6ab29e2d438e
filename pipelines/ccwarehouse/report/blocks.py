"""What a page is made of: texts that are ready to be shown, and charts.

The template only puts them into elements. It computes nothing and knows no figure.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from .charts import Chart

LONG: Final = 12  # rows of a table


class Part(NamedTuple):
    """A part of a sentence; `tag` is strong, code or nothing."""

    text: str
    tag: str = ""


Sentence = tuple[Part, ...]


def sentence(*parts: str | Part) -> Sentence:
    """A sentence of texts and of parts that stand out."""
    return tuple(part if isinstance(part, Part) else Part(part) for part in parts)


def strong(text: str) -> Part:
    """A part in bold."""
    return Part(text, "strong")


def code(text: str) -> Part:
    """A command."""
    return Part(text, "code")


class Notice(NamedTuple):
    """What is wrong with the data; `kind` is incomplete, provisional or plain."""

    kind: str
    text: Sentence


class Change(NamedTuple):
    """How a figure differs from the one before: up, down, same, or unknown.

    `amount` is the difference, `against` the rest of the words.
    """

    direction: str = "unknown"
    amount: str = ""
    against: str = ""


class Tile(NamedTuple):
    """One of the figures on top."""

    label: str
    value: str
    change: Change


class Point(NamedTuple):
    """A sentence of the summary; `kind` is unusual, warning or plain."""

    kind: str
    text: Sentence


class Bar(NamedTuple):
    """A part of a drawn bar, in per cent of its column."""

    paint: str
    left: float
    width: float


class Column(NamedTuple):
    """A column of a table. A bar has no text; a minor one goes on phones."""

    name: str
    is_number: bool = True
    is_bar: bool = False
    is_minor: bool = False


class Cell(NamedTuple):
    """A cell; `bars` are drawn in it, `paint` colours it."""

    text: str
    bars: tuple[Bar, ...] = ()
    paint: str = ""


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """A table: the first cell of a row is its head."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: Row | None = None


def row(*cells: str | Cell) -> Row:
    """A row of texts and of cells."""
    return tuple(cell if isinstance(cell, Cell) else Cell(cell) for cell in cells)


@dataclass(frozen=True)
class Card:
    """A box with a title: a chart with its table, a table, or small charts.

    `width` is whole, wide or narrow; a wide and a narrow one share a row.
    """

    title: str
    lead: str
    chart: Chart | None = None
    table: Table | None = None
    small: Sequence["SmallChart"] = ()
    notes: Sequence[str] = ()
    width: str = "whole"
    kind: str = ""

    @property
    def is_long(self) -> bool:
        """Whether its table may go on on another page."""
        if self.table is None or self.chart or self.small:
            return False
        return len(self.table.rows) > LONG


class SmallChart(NamedTuple):
    """One of several charts in a row, with the figure that it is about."""

    title: str
    value: str
    of: str
    chart: Chart


@dataclass(frozen=True)
class Section:
    """Cards under a heading."""

    title: str
    cards: Sequence[Card]


@dataclass(frozen=True)
class Page:
    """All of it, from top to bottom."""

    title: str
    subtitle: Sequence[str]
    notices: Sequence[Notice] = ()
    tiles: Sequence[Tile] = ()
    points: Sequence[Point] = ()
    sections: Sequence[Section] = ()
    words: Sequence[tuple[str, str]] = ()
    footer: str = ""

    @property
    def charts(self) -> list[Chart]:
        """All charts, in their order."""
        cards = [card for section in self.sections for card in section.cards]
        return [
            chart
            for card in cards
            for chart in (card.chart, *(small.chart for small in card.small))
            if chart
        ]
