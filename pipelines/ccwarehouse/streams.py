"""Standard streams that no longer take what is written: a full disk, a reader gone.

What cannot be written is dropped, whoever writes it: a command's own words, rich's bar,
a log line of dlt's, Python when it ends. The work goes on and keeps its exit code.
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
    """A file descriptor; `failure` is why a write to it failed last."""

    failure: OSError | None = None

    def write(self, data: ReadableBuffer, /) -> int:
        """Write, or drop what cannot be written."""
        try:
            return super().write(data)
        except OSError as error:
            self.failure = error
            return memoryview(data).nbytes


def forgive_unwritable_streams() -> None:
    """Make stdout and stderr such streams, where they are files of the system's."""
    for name in STREAMS:
        stream = getattr(sys, name)
        if type(_raw(stream)) is not io.FileIO:
            continue
        with suppress(OSError):  # what was printed before is its printer's affair
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
    """Why stdout lacks something; None where it is whole, or its reader had enough."""
    raw = _raw(sys.stdout)
    failure = raw.failure if isinstance(raw, _Forgiving) else None
    if failure is None or failure.errno == errno.EPIPE:
        return None
    return failure.strerror


def _raw(stream: object) -> object:
    """The lowest layer of a text stream."""
    buffer = getattr(stream, "buffer", None)
    return getattr(buffer, "raw", buffer)
