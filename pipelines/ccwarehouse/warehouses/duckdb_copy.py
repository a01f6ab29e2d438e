"""A copy of the DuckDB file for readers, who else stop a load or are stopped by it."""

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
MAGIC: Final = slice(8, 12), b"DUCK"  # where a DuckDB file says that it is one

ITSELF = "--publish names the database itself, {file}. Name another file."
NO_FOLDER = "--publish names {file}, whose folder is not there. Make it."
NO_DATABASE = (
    "--publish would replace {file}, which is no DuckDB file. Name another file."
)
FAILED = (
    "The data is in {database}, but {target} could not be renewed and is as it was: "
    "{reason}. Mend that, then run the same command again."
)


def require_target(target: Path, database: Path, dataset: str) -> None:
    """Raise `ImpossibleNameError` where no copy of the database can be."""
    require_own_name(target, dataset, OPTION)
    if _is_same(target, database):
        raise ImpossibleNameError(ITSELF.format(file=target))
    if not target.absolute().parent.is_dir():
        raise ImpossibleNameError(NO_FOLDER.format(file=target))
    if target.exists() and not _is_replaceable(target):
        raise ImpossibleNameError(NO_DATABASE.format(file=target))


def publish(database: Path, target: Path, patience: Patience) -> None:
    """Put a copy in place, whole and at once, with the mode of the one before.

    The first one gets the database's mode. Whoever has the one before open goes on to
    read that. Raises `PublishError`; the one before stays then.
    """
    target = target.resolve()  # what a link points to is replaced, not the link
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    try:
        with _unchanging(database, patience):
            _copy(database, draft)
        shutil.copymode(target if target.exists() else database, draft)
        # what a client noted for the one before would be taken for this one's
        target.with_name(f"{target.name}.wal").unlink(missing_ok=True)
        os.replace(draft, target)
        _sync(target.parent)
    except (OSError, duckdb.Error) as error:
        raise PublishError(
            FAILED.format(database=database, target=target, reason=_reason(error))
        ) from error
    finally:
        draft.unlink(missing_ok=True)


@contextmanager
def _unchanging(database: Path, patience: Patience) -> Iterator[None]:
    """Nobody writes to the file, and all that was written is in it.

    A process lets go of its locks on a file as soon as it closes the file once, even
    if it was opened for something else. So copying ends the lock, when nobody needs it
    any more; DuckDB writes nothing when it closes what it only read.
    """
    path = database.absolute()
    with closing(wait_for(path, patience, read_only=True)):
        if os.path.exists(f"{path}.wal"):
            raise OSError(None, f"some of it is still in {database}.wal")
        yield


def _copy(database: Path, draft: Path) -> None:
    draft.unlink(missing_ok=True)
    os.close(os.open(draft, os.O_CREAT | os.O_EXCL, 0o600))
    shutil.copyfile(database, draft)
    _sync(draft)


def _sync(path: Path) -> None:
    """Let a file or a folder be on the disk; Windows cannot, for a folder."""
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
