"""The temporary folder, where dlt works: a disk of its own that may be full.

DuckDB and the drivers of servers have errors of their own, so an OSError about room is
about this folder, unless it names a file elsewhere.
"""

import errno
import tempfile
from pathlib import Path
from typing import Final

PREFIX: Final = "ccwarehouse-"
FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
UNUSABLE: Final = (
    "The temporary folder {folder} cannot be used: {reason}. Make room in it, or set "
    "TMPDIR to another folder, then run the same command again."
)


def is_temporary(error: OSError) -> bool:
    """Whether it is about a working folder; who writes is not told a file's name."""
    if error.filename is None:
        return error.errno in FULL or "temporary directory" in str(error)
    path = Path(str(error.filename))
    return any(map(_is_temporary, (path, *path.parents)))


def _is_temporary(folder: Path) -> bool:
    """Whether a working folder is called like this."""
    return str(folder.parent) == tempfile.tempdir and folder.name.startswith(PREFIX)


def unusable(error: OSError) -> str:
    """What is wrong with the folder, and what to do."""
    folder = tempfile.tempdir or "(TMPDIR)"
    return UNUSABLE.format(folder=folder, reason=error.strerror)
