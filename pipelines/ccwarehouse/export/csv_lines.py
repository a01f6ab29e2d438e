"""CSV in UTF-8: commas, line feeds, a header.

An empty field is null, and `""` is the empty text, as in the cases of the views.
Python's writer cannot tell them apart before 3.12.

Spreadsheets run a cell that begins like a formula, even in quotes, and names of users
and models come from outside. So such a text gets an apostrophe in front. A text that
begins with an apostrophe gets another one. Removing the first apostrophe of every text
that has one restores each text.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

import pyarrow as pa

from .values import plain

# Includes the wide forms, which some spreadsheets treat like the narrow ones.
FORMULA: Final = re.compile("[=+\\-@\t\r\n'\uff1d\uff0b\uff0d\uff20]")
QUOTED: Final = re.compile('[",;\t\r\n]|^ | $|^$')


def csv_lines(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """The header, then the rows of each batch."""
    yield _joined([schema.names])
    for batch in batches:
        yield _joined(zip(*map(_cells, batch.columns), strict=True))


def text_cell(text: str) -> str:
    """A text as a cell."""
    if FORMULA.match(text):
        text = f"'{text}"
    if QUOTED.search(text):
        text = text.replace('"', '""')
        return f'"{text}"'
    return text


def _cells(column: pa.Array) -> list[str]:
    as_cell = text_cell if pa.types.is_string(column.type) else plain(column.type)
    return ["" if value is None else as_cell(value) for value in column.to_pylist()]


def _joined(rows: Iterable[Iterable[str]]) -> bytes:
    return "".join(f"{','.join(row)}\n" for row in rows).encode()
