"""Where the bytes of an export go: stdout, or a file that is replaced at once."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from ..streams import write_to_stdout
from ..warehouses import ImpossibleNameError
from .errors import ExportError, ReaderGoneError

NO_FILE: Final = "{option} names {file}, which is no file. Name a file."
ITSELF: Final = "{option} names the database itself, {file}. Name another file."
NO_FOLDER: Final = "{option} names {file}, whose folder does not exist. Create it."
FAILED: Final = (
    "{file} could not be written and is as it was: {reason}. Fix that, then run the "
    "same command again."
)
CUT_SHORT: Final = (
    "stdout could not be written, and what it holds is incomplete: {reason}. Fix that, "
    "then run the same command again."
)


class Sink:
    """A file for writers. Parquet's writer also asks for the position.

    After `abandon` it drops all further bytes.
    """

    closed = False

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._written = 0
        self._is_abandoned = False

    def write(self, data: bytes) -> int:
        """Write all of the data."""
        if not self._is_abandoned:
            self._write(data)
        self._written += len(data)
        return len(data)

    def tell(self) -> int:
        """How many bytes were written."""
        return self._written

    def abandon(self) -> None:
        """Write nothing more."""
        self._is_abandoned = True

    def flush(self) -> None:
        """Nothing to do: no write is buffered here."""

    def close(self) -> None:
        """Nothing to do: the opener of the target closes it."""


def require_target(file: Path, database: Path, *, option: str = "--out") -> None:
    """Raise `ImpossibleNameError` where a file cannot be put, or must not."""
    if file.exists() and not file.is_file():
        raise ImpossibleNameError(NO_FILE.format(option=option, file=file))
    if file.exists() and database.exists() and file.samefile(database):
        raise ImpossibleNameError(ITSELF.format(option=option, file=file))
    if not file.absolute().parent.is_dir():
        raise ImpossibleNameError(NO_FOLDER.format(option=option, file=file))


def stdout_sink() -> Sink:
    """stdout. Writing raises `ReaderGoneError`, and `ExportError` on a full disk."""
    return Sink(_to_stdout)


@contextmanager
def file_sink(file: Path) -> Iterator[Sink]:
    """A file that replaces an older one when the context ends without an error.

    Until then the older file stays, even if the process is killed. The new file gets
    its mode. Raises `ExportError`.
    """
    target = file.resolve()  # replace the target of a link, not the link
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    with _told(file):
        draft.unlink(missing_ok=True)
        opened = draft.open("xb", buffering=0)
    try:
        with opened:
            yield Sink(_all_to(opened.fileno(), file))
            with _told(file):
                os.fsync(opened.fileno())
        with _told(file):
            if target.exists():
                shutil.copymode(target, draft)
            os.replace(draft, target)
    finally:
        draft.unlink(missing_ok=True)


def _all_to(descriptor: int, file: Path) -> Callable[[bytes], None]:
    def write(data: bytes) -> None:
        with _told(file):
            rest = memoryview(data)
            while rest:  # the system may write only a part
                rest = rest[os.write(descriptor, rest) :]

    return write


def _to_stdout(data: bytes) -> None:
    try:
        write_to_stdout(data)
    except BrokenPipeError:
        raise ReaderGoneError from None
    except OSError as error:
        raise ExportError(CUT_SHORT.format(reason=error.strerror)) from error


@contextmanager
def _told(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ExportError(FAILED.format(file=file, reason=error.strerror)) from error
