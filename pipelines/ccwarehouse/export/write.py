"""Write a view's rows as bytes, batch by batch."""

from collections.abc import Iterator

import pyarrow as pa

from claude_code_marts import Model

from ..warehouses import Warehouse
from .formats import Writer
from .sinks import Sink


def write_view(warehouse: Warehouse, view: Model, write: Writer, sink: Sink) -> int:
    """Write all rows of a view, in the order of its grain; returns their number.

    Raises `NothingLoadedError` if the view is not built, dlt's errors of the
    warehouse, and those of the sink.
    """
    count = 0

    def counted(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        nonlocal count
        for batch in batches:
            count += batch.num_rows
            yield batch

    with warehouse.reading(view) as (schema, batches):
        write(schema, counted(batches), sink)
    return count
