"""The temporary folder, where dlt works. Its disk may be full.

DuckDB and the drivers of servers raise their own errors. So an OSError about a full
disk concerns this folder, unless it names a file elsewhere.
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
    """Whether it concerns a working folder; errors of writes do not name a file."""
    if error.filename is None:
        return error.errno in FULL or "temporary directory" in str(error)
    path = Path(str(error.filename))
    return any(map(_is_temporary, (path, *path.parents)))


def _is_temporary(folder: Path) -> bool:
    """Whether this is the path of a working folder."""
    return str(folder.parent) == tempfile.tempdir and folder.name.startswith(PREFIX)


def unusable(error: OSError) -> str:
    """The message: what is wrong with the folder, and what to do."""
    folder = tempfile.tempdir or "(TMPDIR)"
    return UNUSABLE.format(folder=folder, reason=error.strerror)
