"""A JSON object per line, in ASCII: no text can contain a line break of any kind.

Decimals are texts, because JSON's numbers become floats. Counts and ratios are numbers.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

import pyarrow as pa

from .values import as_text


def json_lines(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[bytes]:
    """The rows of each batch; keys in the view's order, null for no value."""
    for batch in batches:
        rows = zip(*map(_values, batch.columns), strict=True)
        lines = (json.dumps(dict(zip(schema.names, row, strict=True))) for row in rows)
        yield "".join(f"{line}\n" for line in lines).encode()


def _values(column: pa.Array) -> list[Any]:
    values: list[Any] = column.to_pylist()
    text = as_text(column.type)
    if text is None:
        return values
    return [None if value is None else text(value) for value in values]
