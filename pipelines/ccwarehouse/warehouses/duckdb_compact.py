"""Rewrite the DuckDB file: DuckDB keeps the blocks of deleted rows for reuse."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import duckdb

from .duckdb_copy import sync
from .duckdb_file import catalog_name, hold_file
from .waiting import Patience

FRESH: Final = "ccwarehouse_fresh_copy"
CHUNK: Final = 2**24  # bytes


def compact(database: Path, patience: Patience) -> None:
    """Copy all tables and views to a new file, and put it in the old one's place.

    A kill before that leaves the old file as it was, and a draft beside it. Raises
    DuckDB's errors, and OSError without room for a second file.
    """
    target = database.resolve()  # replace the target of a link, not the link
    draft = target.with_name(f"{target.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        # the lock lasts until the new file is in place
        with hold_file(target, patience) as connection:
            connection.execute("force checkpoint")
            _copy(connection, catalog_name(target), draft)
            shutil.copymode(target, draft)
            sync(draft)
            os.replace(draft, target)
            sync(target.parent)
    finally:
        draft.unlink(missing_ok=True)


def _copy(connection: duckdb.DuckDBPyConnection, catalog: str, draft: Path) -> None:
    path = str(draft).replace("'", "''")
    own = catalog.replace('"', '""')
    connection.execute(f"attach '{path}' as {FRESH}")
    connection.execute(f'copy from database "{own}" to {FRESH}')
    connection.execute(f"detach {FRESH}")


def occurrences(database: Path, name: str, others: Sequence[str]) -> int:
    """How often a name is in the bytes of the file and of its log, in any case.

    `others` are names that it is a part of, and that may stay.
    """
    own = name.lower().encode()
    longer = sorted((other.lower().encode() for other in others), key=len, reverse=True)
    files = (database, Path(f"{database}.wal"))
    return sum(
        chunk.count(own)
        for file in files
        if file.exists()
        for chunk in _chunks(file, longer, max(map(len, (own, *longer))))
    )


def _chunks(file: Path, without: Sequence[bytes], overlap: int) -> Iterator[bytes]:
    """The bytes of a file in lower case; each part begins with the end of the last."""
    before = b""
    with file.open("rb") as opened:
        while part := opened.read(CHUNK):
            chunk = before + part.lower()
            for name in without:
                chunk = chunk.replace(name, b"\0")
            yield chunk
            before = chunk[-overlap:]
