"""Standard streams that fail: the disk is full, or the reader of a pipe has gone.

Output that cannot be written is dropped, whether a command, rich's bar, dlt's log or
Python at its end writes it. The work goes on and keeps its exit code.
"""

from __future__ import annotations

import errno
import io
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

STREAMS = ("stdout", "stderr")


class _Forgiving(io.FileIO):
    """A file descriptor; `failure` is the error of the last failed write."""

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or drop what cannot be written."""
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            return memoryview(data).nbytes


def forgive_unwritable_streams() -> None:
    """Make stdout and stderr drop failed writes, where they are real files."""
    for name in STREAMS:
        stream = getattr(sys, name)
        if type(_raw(stream)) is not io.FileIO:
            continue
        with suppress(OSError):  # earlier output is not ours
            stream.flush()
        raw = _Forgiving(stream.fileno(), "wb", closefd=False)
        forgiving = io.TextIOWrapper(
            io.BufferedWriter(raw),
            encoding=stream.encoding,
            errors=stream.errors,
            line_buffering=stream.line_buffering,
            write_through=stream.write_through,
        )
        setattr(sys, name, forgiving)


def lost_output() -> str | None:
    """Why output to stdout was lost; None if none was, or if its reader has gone."""
    raw = _raw(sys.stdout)
    failure = raw.failure if isinstance(raw, _Forgiving) else None
    if failure is None or failure.errno == errno.EPIPE:
        return None
    return failure.strerror


def write_to_stdout(data: bytes) -> None:
    """Write data that must not be lost.

    Raises OSError, and `BrokenPipeError` when its reader has gone; `lost_output` then
    does not tell it again.
    """
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()
    raw = _raw(sys.stdout)
    if isinstance(raw, _Forgiving) and raw.failure:
        failure, raw.failure = raw.failure, None
        raise failure


def _raw(stream: object) -> object:
    """The lowest layer of a text stream."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)
