"""The formats, by their names in `--format`."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from .csv_lines import csv_lines
from .json_lines import json_lines
from .sinks import Sink

Batches: TypeAlias = Iterable[pa.RecordBatch]
Writer: TypeAlias = Callable[[pa.Schema, Batches, Sink], None]

ENDINGS: Final = {
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}


def format_of(file: Path | None) -> str:
    """The format that the ending of a file asks for, CSV if it asks for none."""
    return ENDINGS.get(file.suffix.lower(), "csv") if file else "csv"


def _write_lines(
    lines: Callable[[pa.Schema, Batches], Iterator[bytes]],
    schema: pa.Schema,
    batches: Batches,
    sink: Sink,
) -> None:
    for portion in lines(schema, batches):
        sink.write(portion)


def _write_parquet(schema: pa.Schema, batches: Batches, sink: Sink) -> None:
    """A row group per batch, with the types of the schema.

    The writer's own context would end the file with a valid footer after an error.
    """
    writer = pq.ParquetWriter(sink, schema)
    try:
        for batch in batches:
            writer.write_batch(batch)
    except BaseException:
        sink.abandon()
        raise
    writer.close()


FORMATS: Final[dict[str, Writer]] = {
    "csv": partial(_write_lines, csv_lines),
    "json": partial(_write_lines, json_lines),
    "parquet": _write_parquet,
}
