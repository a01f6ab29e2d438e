"""A run's folder for temporary files, and the removal of killed runs' folders."""

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
    """A new folder, removed at the end. Folders of killed runs are removed first.

    A run locks a file in its folder. The system releases the lock when the process ends
    for any reason. Where locks do not exist (Windows, some network disks), the file
    keeps another name, and no run removes the folder.
    """
    _sweep(Path(tempfile.gettempdir()))
    folder = tempfile.TemporaryDirectory(prefix=PREFIX)
    with _in_use(Path(folder.name)), folder as name:
        yield name


@contextmanager
def _in_use(folder: Path) -> Iterator[None]:
    # the file gets its final name only when it is locked, so that no other run finds it
    # unlocked and removes the folder
    draft = folder / f"{LOCK}.new"
    with draft.open("wb") as file:
        if _lock(file):
            draft.rename(folder / LOCK)
        yield


def _sweep(place: Path) -> None:
    """Remove this user's folders that no run uses."""
    for lock in place.glob(f"{PREFIX}*/{LOCK}"):
        # removed meanwhile, or another user's
        with suppress(OSError):
            if lock.parent.lstat().st_uid == lock.lstat().st_uid == os.geteuid():
                _remove_unless_in_use(lock)


def _remove_unless_in_use(lock: Path) -> None:
    with lock.open("rb") as file:
        if _lock(file):
            shutil.rmtree(lock.parent, ignore_errors=True)


def _lock(file: BinaryIO) -> bool:
    """Lock a file; False if another process has the lock or locks do not exist."""
    if sys.platform == "win32":
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
