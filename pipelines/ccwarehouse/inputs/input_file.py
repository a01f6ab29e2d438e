"""A file that was read and has no fault."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pyarrow as pa

from whole_days.table import Table


class InputRow(Protocol):
    """A line of a file, as a row of its table."""

    def as_row(self) -> dict[str, Any]:
        """The columns of the table, without those that a load adds."""


def hash_of_rows(rows: Iterable[object]) -> str:
    """The hash of rows that come from no file."""
    return hashlib.sha256(repr([*rows]).encode()).hexdigest()


@dataclass(frozen=True)
class InputFile:
    """The rows of one file for its table.

    `name` is its kind in the warehouse (teams, budgets, owners), `file` the name that a
    person gave, `content_hash` the SHA-256 of its bytes, or of the rows.
    `min_group_size` is how many active people a team needs to be shown by itself; only
    teams have it.
    """

    name: str
    file: str
    table: Table
    content_hash: str
    rows: Sequence[InputRow]
    min_group_size: int | None = None

    def as_table(self, version: int) -> pa.Table:
        """The rows of the file's table."""
        rows = [row.as_row() | {"version": version} for row in self.rows]
        return pa.Table.from_pylist(rows, self.table.schema)
