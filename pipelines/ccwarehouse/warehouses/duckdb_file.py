"""DuckDB's file: its name, and its lock.

DuckDB's lock on the file ends with the process that took it, so a crash leaves nothing
to clean up.
"""

import os
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

import duckdb

from .errors import ImpossibleNameError
from .names import marts_name
from .waiting import IMPATIENT, Patience, patiently

NAME_CLASH = (
    "In the file {file}, DuckDB could not tell the dataset {name} from the database "
    "itself. Name another file with {option}, or another dataset with --dataset."
)
RESERVED = (
    "DuckDB keeps the name {name} for itself. Name another dataset with --dataset."
)
NO_FILE = "{option} names a folder, {file}. Name a file, which need not exist yet."
NOT_UTF8 = (
    "{option} {file} has letters that this locale encodes differently from DuckDB. "
    "Set PYTHONUTF8=1, or use ASCII letters in the names of the file and its folders."
)

# Names of DuckDB's own databases and schemas.
DUCKDB_KEEPS: Final = ("information_schema", "pg_catalog", "system", "temp")

IN_USE: Final = "Could not set lock"
HOLDER: Final = re.compile(r"held in (.+ \(PID \d+\)(?: by user [^.]+)?)")

# When DuckDB closes a file, its vacuum rewrites rows beside deleted ones, in memory.
# One task per closing is enough: the next command that writes continues.
MAX_VACUUM_TASKS = 1


@contextmanager
def hold_file(
    database: Path, patience: Patience = IMPATIENT
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a DuckDB file that locks out all other processes.

    Raises `duckdb.IOException`, which names the process that still has the file open.
    """
    if not database.exists():
        _create(database)
    with closing(wait_for(database, patience)) as connection:
        connection.execute(f"set max_vacuum_tasks = {MAX_VACUUM_TASKS}")
        yield connection


def wait_for(
    database: Path, patience: Patience, *, read_only: bool = False
) -> duckdb.DuckDBPyConnection:
    """A connection, as soon as no other process has the file open for writing.

    Raises `duckdb.IOException`, which names the process that still has.
    """
    path = str(database)
    return patiently(
        lambda: duckdb.connect(path, read_only=read_only), patience, _holder
    )


def _holder(error: BaseException | None) -> str | None:
    """The program and process that DuckDB's message names; None for other errors."""
    if not isinstance(error, duckdb.IOException) or IN_USE not in str(error):
        return None
    found = HOLDER.search(str(error))
    return f"{found[1]} has it open." if found else str(error)


def _create(database: Path) -> None:
    """Create an empty DuckDB file atomically: a partial file could never be opened.

    A file that another process has created meanwhile stays. On a disk without hard
    links, DuckDB creates the file later.
    """
    draft = database.with_name(f"{database.name}.{os.getpid()}")
    try:
        duckdb.connect(str(draft)).close()
        with suppress(OSError):
            os.link(draft, database)
    except duckdb.Error as error:  # its message names the draft
        told = str(error).replace(str(draft), str(database))
        raise type(error)(told) from None
    finally:
        draft.unlink(missing_ok=True)


def require_own_name(database: Path, dataset: str, option: str = "--database") -> None:
    """Refuse names of a file or a dataset that DuckDB would resolve to something else.

    Raises `ImpossibleNameError`. DuckDB ignores case.
    """
    if database.is_dir():
        raise ImpossibleNameError(NO_FILE.format(option=option, file=database))
    path = database.absolute()
    if os.fsencode(path) != str(path).encode("utf-8", "replace"):
        text = NOT_UTF8.format(option=option, file=ascii(str(database)))
        raise ImpossibleNameError(text)
    if dataset in DUCKDB_KEEPS:
        raise ImpossibleNameError(RESERVED.format(name=dataset))
    catalog = catalog_name(database).casefold()
    if catalog in (dataset.casefold(), marts_name(dataset).casefold()):
        text = NAME_CLASH.format(file=database, name=catalog, option=option)
        raise ImpossibleNameError(text)


def catalog_name(database: Path) -> str:
    """What DuckDB calls the database in a file: its name up to the first dot."""
    name = next(filter(None, database.name.split(".")), "")
    return f"{name}_db" if name in ("main", "system", "temp") else name
