"""`secrets.toml` where dlt reads it: only its owner may read it, and not git."""

import os
import shlex
import stat
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

import dlt

from ..exit_codes import ExitCode
from .finding import Finding, ok, problem

CHECK = "secrets"
FILE = "secrets.toml"


def dlt_folders() -> list[Path]:
    """Where dlt looks for settings: in the working folder, then in the home folder."""
    context = dlt.current.run_context()
    return [Path(context.settings_dir), Path(context.global_dir)]


def examine_secrets(folders: Iterable[Path]) -> Iterator[Finding]:
    """A finding for each fault of each file, or that there is no fault."""
    places = [folder / FILE for folder in folders]
    files = [place for place in places if os.path.isfile(place)]
    if not files:
        yield ok(CHECK, f"there is no {' and no '.join(map(str, places))}")
    for file in files:
        faults = [
            problem(CHECK, ExitCode.CONFIGURATION, text) for text in _faults(file)
        ]
        yield from faults or [
            ok(CHECK, f"only its owner can read {file}, and git does not track it")
        ]


def _faults(file: Path) -> Iterator[str]:
    name = shlex.quote(str(file))
    if is_readable_by_others(file):
        yield f"Others can read {file}. Close it: chmod 600 {name}"
    if is_tracked(file):
        yield (
            f"git tracks {file}, and its history keeps the key. Make a new key, and: "
            f"git rm --cached {name}"
        )


def is_readable_by_others(file: Path) -> bool:
    """Whether the group or everyone may read it; False where modes do not exist."""
    others = stat.S_IRGRP | stat.S_IROTH
    return os.name == "posix" and bool(file.stat().st_mode & others)


def is_tracked(file: Path) -> bool:
    """Whether git tracks the file; False where git is not installed."""
    words = ["git", "-C", str(file.parent), "ls-files", "--error-unmatch", file.name]
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
