"""A view's rows as a file: csv, JSON lines or parquet, batch by batch."""

import contextlib
import difflib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Final, Protocol

import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import simplejson
from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import Model, models

from .view_schemas import schema_of
from .warehouses import ImpossibleNameError, NothingLoadedError, Warehouse

BATCH: Final = 10_000  # rows

UNKNOWN = "There is no view {name}.{nearest} List all: ccwarehouse export --list"


class Writer(Protocol):
    """Writes batches to an open file."""

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append rows."""

    def close(self) -> None:
        """Write what ends the file."""


class JsonLines:
    """One JSON object a line. Decimals are texts, so that no digit is lost."""

    def __init__(self, file: IO[bytes], _schema: pa.Schema) -> None:
        self._file = file

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """Append rows."""
        for row in batch.to_pylist():
            line = simplejson.dumps(
                row, use_decimal=False, default=_text, ensure_ascii=False
            )
            self._file.write(f"{line}\n".encode())

    def close(self) -> None:
        """Nothing ends JSON lines."""


def _csv(file: IO[bytes], schema: pa.Schema) -> Writer:
    """A null is nothing between two commas, and an empty text is `""`."""
    writer: Writer = pa_csv.CSVWriter(file, schema)
    return writer


def _parquet(file: IO[bytes], schema: pa.Schema) -> Writer:
    writer: Writer = pq.ParquetWriter(file, schema)
    return writer


FORMATS: Final[Mapping[str, Callable[[IO[bytes], pa.Schema], Writer]]] = {
    "csv": _csv,
    "parquet": _parquet,
    "json": JsonLines,
}


def view_named(name: str) -> Model:
    """The view. Raises `ImpossibleNameError` with the nearest names."""
    known = {view.name: view for view in models()}
    if name not in known:
        close = ", ".join(difflib.get_close_matches(name, known, n=3))
        nearest = f" Do you mean {close}?" if close else ""
        raise ImpossibleNameError(UNKNOWN.format(name=name, nearest=nearest))
    return known[name]


def export_view(
    warehouse: Warehouse,
    view: Model,
    kind: str,
    file: IO[bytes],
    is_wanted: Callable[[], bool] = lambda: True,
) -> int:
    """Write all rows of a view, sorted by its grain; returns how many there are.

    Ends early when `is_wanted` says that nobody reads any more. Raises
    `NothingLoadedError` where the view is not built.
    """
    schema = schema_of(view.name)
    writer = FORMATS[kind](file, schema)
    count = 0
    for batch in _batches(warehouse, view, schema):
        writer.write_batch(batch)
        count += len(batch)
        if not is_wanted():
            break
    writer.close()
    return count


@contextmanager
def put_in_place(target: Path) -> Iterator[IO[bytes]]:
    """A file that is there whole or not at all: it gets its name when it is closed."""
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


def _batches(
    warehouse: Warehouse, view: Model, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    with warehouse.client() as client:
        with client.with_alternative_dataset_name(warehouse.marts):
            path = client.make_qualified_table_name(view.name)
        columns = ", ".join(map(client.escape_column_name, schema.names))
        grain = ", ".join(map(client.escape_column_name, view.grain))
        try:
            with client.execute_query(
                f"select {columns} from {path} order by {grain}"
            ) as cursor:
                for rows in cursor.iter_fetch(BATCH):
                    yield _batch(rows, schema)
        except DatabaseUndefinedRelation as error:
            raise NothingLoadedError(
                f"{warehouse.location} lacks view {view.name}: build it first"
                " (`ccwarehouse transform`)"
            ) from error


def _batch(rows: list[tuple[Any, ...]], schema: pa.Schema) -> pa.RecordBatch:
    columns = zip(*rows, strict=True)
    arrays = [
        pa.array(column, field.type)
        for column, field in zip(columns, schema, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _text(value: object) -> str:
    """A day or a moment as ISO has it, a decimal with all its places."""
    return value.isoformat() if hasattr(value, "isoformat") else f"{value:f}"
