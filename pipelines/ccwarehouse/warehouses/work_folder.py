"""A run's folder for temporary files, and the sweeping of those of killed runs."""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from .temporary import PREFIX

if sys.platform != "win32":
    import fcntl

LOCK = "in-use"


@contextmanager
def work_folder() -> Iterator[str]:
    """A new folder, removed at the end. Those of killed runs are removed first.

    A run holds a lock on a file in its folder. The system frees it when the process
    ends, however it ends. Where there are no such locks (Windows, some network disks)
    the file gets no name that anyone sweeps by.
    """
    _sweep(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=PREFIX)
    with _in_use(Path(folder.name)), folder as name:
        yield name


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    # the file has its name only when it is locked: a sweep in between must not find
    # it free
    draft = folder / f"{LOCK}.new"
    with draft.open("wb") as file:
        if _lock(file):
            draft.rename(folder / LOCK)
        yield


def _sweep(place: Path) -> None:
    """Remove this user's folders that no run uses."""
    for lock in place.glob(f"{PREFIX}*/{LOCK}"):
        # gone meanwhile, or not ours to open: another run, or another user, sweeps it
        with suppress(OSError):
            if lock.parent.lstat().st_uid == lock.lstat().st_uid == os.geteuid():
                _remove_unless_in_use(lock)


def _remove_unless_in_use(lock: Path) -> None:
    with lock.open("rb") as file:
        if _lock(file):
            shutil.rmtree(lock.parent, ignore_errors=True)


def _lock(file: BinaryIO) -> bool:
    """Lock a file; False where another has it or there are no locks."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
