"""Whether a file can hold metrics, before a load begins."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ..warehouses import ImpossibleNameError
from .text import PREFIX

NO_FILE: Final = "--metrics names {file}, which is no file. Name a file."
TAKEN: Final = "--metrics and {option} name the same file, {file}. Name another file."
OTHERS: Final = (
    "--metrics would replace {file}, which holds no metrics of a load. Name another "
    "file."
)
UNWRITABLE: Final = "--metrics names {file}, which cannot be written: {reason}. {fix}"
FIX: Final = "Create its folder, let this user write there, or name another file."


def require_metrics_file(file: Path, others: Mapping[str, Path | None]) -> None:
    """Raise `ImpossibleNameError` where metrics cannot be put, or must not.

    `others` are the files of other options, by option.
    """
    target = file.resolve()
    for option, other in others.items():
        if other and other.resolve() == target:
            raise ImpossibleNameError(TAKEN.format(option=option, file=file))
    if target.exists() and not target.is_file():
        raise ImpossibleNameError(NO_FILE.format(file=file))
    try:
        _try_to_write(target)
        before = target.read_bytes() if target.exists() else b""
    except OSError as error:
        line = UNWRITABLE.format(file=file, reason=error.strerror, fix=FIX)
        raise ImpossibleNameError(line) from None
    if before and not before.startswith(f"# HELP {PREFIX}".encode()):
        raise ImpossibleNameError(OTHERS.format(file=file))


def _try_to_write(target: Path) -> None:
    """Create a file beside the target, as the end of the load will."""
    trial = target.with_name(f"{target.name}.{os.getpid()}")
    trial.touch()
    trial.unlink()
