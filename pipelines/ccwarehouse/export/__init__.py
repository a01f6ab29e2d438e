"""A view as a file: CSV, Parquet, or a JSON object per line."""

from .errors import ExportError, ReaderGoneError, UnknownViewError
from .formats import FORMATS, format_of
from .names import view_named, views_by_name
from .sinks import file_sink, require_target, stdout_sink
from .write import write_view

__all__ = [
    "FORMATS",
    "ExportError",
    "ReaderGoneError",
    "UnknownViewError",
    "file_sink",
    "format_of",
    "require_target",
    "stdout_sink",
    "view_named",
    "views_by_name",
    "write_view",
]
