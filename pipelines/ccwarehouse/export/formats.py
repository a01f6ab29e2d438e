"""The formats, by their names in `--format`."""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

import pyarrow as pa
import pyarrow.parquet as pq

from ..warehouses import ImpossibleNameError
from .csv_lines import csv_lines
from .json_lines import json_lines
from .sinks import Sink

Batches: TypeAlias = Iterable[pa.RecordBatch]
Writer: TypeAlias = Callable[[pa.Schema, Batches, Sink], None]

ENDINGS: Final = {
    ".csv": "csv",
    ".json": "json",
    ".jsonl": "json",
    ".ndjson": "json",
    ".parquet": "parquet",
}


OTHER_FORMAT: Final = (
    "--out names {file}, whose ending is that of {meant}, but --format is {form}. "
    "Leave out --format, or name another file."
)
UNKNOWN_ENDING: Final = (
    "--out names {file}, and no format has this ending. Name a file that ends with "
    f"{', '.join(ENDINGS)}, or say --format."
)


def format_of(file: Path | None, form: str | None) -> str:
    """The format that is asked for: by name, by the ending of the file, or CSV.

    Raises `ImpossibleNameError` where the ending is that of another one, or of none.
    """
    ending = file.suffix.lower() if file else ""
    meant = ENDINGS.get(ending)
    if form and meant and form != meant:
        raise ImpossibleNameError(
            OTHER_FORMAT.format(file=file, meant=meant, form=form)
        )
    if ending and not (form or meant):
        raise ImpossibleNameError(UNKNOWN_ENDING.format(file=file))
    return form or meant or "csv"


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
