"""A copy of the DuckDB file for readers. In the file itself they would block loads."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final

import duckdb

from .duckdb_file import require_own_name, wait_for
from .errors import ImpossibleNameError, PublishError
from .waiting import Patience

OPTION: Final = "--publish"
MAGIC: Final = slice(8, 12), b"DUCK"  # the mark of a DuckDB file

ITSELF = "--publish names the database itself, {file}. Name another file."
NO_FOLDER = "--publish names {file}, whose folder does not exist. Create it."
NO_DATABASE = (
    "--publish would replace {file}, which is not a DuckDB file. Name another file."
)
FAILED = (
    "The data is committed to {database}, but {target} could not be replaced and is "
    "unchanged: {reason}. Fix that, then run the same command again."
)


def require_target(target: Path, database: Path, dataset: str) -> None:
    """Raise `ImpossibleNameError` where the copy cannot be put."""
    require_own_name(target, dataset, OPTION)
    if _is_same(target, database):
        raise ImpossibleNameError(ITSELF.format(file=target))
    if not target.absolute().parent.is_dir():
        raise ImpossibleNameError(NO_FOLDER.format(file=target))
    if target.exists() and not _is_replaceable(target):
        raise ImpossibleNameError(NO_DATABASE.format(file=target))


def publish(database: Path, target: Path, patience: Patience) -> None:
    """Replace the copy atomically, and keep its mode.

    The first copy gets the database's mode. A program that has the old copy open keeps
    reading it. Raises `PublishError`; then the old copy stays.
    """
    target = target.resolve()  # replace the target of a link, not the link
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with _unchanging(database, patience):
            _copy(database, draft)
        shutil.copymode(target if target.exists() else database, draft)
        # DuckDB would apply a client's log of the old copy to the new one
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        os.replace(draft, target)
        sync(target.parent)
    except (OSError, duckdb.Error) as error:
        raise PublishError(
            FAILED.format(database=database, target=target, reason=_reason(error))
        ) from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _unchanging(database: Path, patience: Patience) -> Iterator[None]:
    """No program writes to the file, and its log holds no rows.

    A process loses its locks on a file as soon as it closes the file once, even if it
    had it open several times. So the end of the copy also ends DuckDB's lock. That does
    no harm: DuckDB writes nothing when it closes a file that it only read.
    """
    path = database.absolute()
    with closing(wait_for(path, patience, read_only=True)):
        if os.path.exists(f"{path}.wal"):
            raise OSError(None, f"some rows are still in {database}.wal")
        yield


def _copy(database: Path, draft: Path) -> None:
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    shutil.copyfile(database, draft)
    sync(draft)


def sync(path: Path) -> None:
    """Write a file or a folder to the disk; Windows cannot sync a folder."""
    if os.name != "posix" and path.is_dir():
        return
    opened = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)


def _is_same(target: Path, database: Path) -> bool:
    if target.exists() and database.exists():
        return target.samefile(database)
    return target.resolve() == database.resolve()


def _is_replaceable(target: Path) -> bool:
    where, magic = MAGIC
    with target.open("rb") as file:
        head = file.read(where.stop)
    return not head or head[where] == magic


def _reason(error: Exception) -> str:
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return str(error).partition("\n")[0].partition(". ")[0].rstrip(".")
