"""GoogleSQL, the language of BigQuery, in Google's own analyzer and executor.

They say whether a statement is valid and what a query returns on given rows. They store
nothing and do not know BigQuery as a service.
"""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-bigquery"
CACHE = ENVIRONMENT / "cache"
PROGRAM = ROOT / "tests" / "googlesql_process.py"
COMMAND = [ENVIRONMENT / "bin" / "python", PROGRAM, CACHE]

READ = {
    "DATE": date.fromisoformat,
    "TIMESTAMP": datetime.fromisoformat,
    "NUMERIC": Decimal,
    "BIGNUMERIC": Decimal,
    "FLOAT64": float,
}


class InvalidSqlError(ValueError):
    """A statement is invalid or fails on its rows; the message says why."""


class Table(NamedTuple):
    """Rows, and the name and type of each of their columns."""

    columns: list[tuple[str, str]]
    rows: list[tuple]


class GoogleSql:
    """The process that answers, and its tables."""

    def __init__(self, process: subprocess.Popen) -> None:
        self._process = process
        self._columns: dict[tuple[str, ...], list[tuple[str, str]]] = {}

    def create(self, sql: str) -> tuple[str, ...]:
        """Make the table of a CREATE TABLE, without rows; its path."""
        made = self._ask("create", sql)
        path = tuple(made["path"])
        self._columns[path] = [tuple(column) for column in made["columns"]]
        return path

    def fill(self, path: Sequence[str], rows: Sequence[dict]) -> None:
        """Replace the rows of a table; columns that a row lacks are null."""
        columns = self._columns[tuple(path)]
        written = [[row.get(name) for name, _ in columns] for row in rows]
        self._ask("table", path, columns, written)

    def put(self, path: Sequence[str], table: Table) -> None:
        """Create a table with these rows at a path, for example that of a view."""
        self._ask("table", path, table.columns, table.rows)

    def analyze(self, sql: str) -> str:
        """The kind of a statement, as in CreateViewStmtProto, if it is valid."""
        return self._ask("analyze", sql)

    def query(self, sql: str) -> Table:
        """The result of a query; every value is exact."""
        found = self._ask("query", sql)
        columns = [(name, kind) for name, kind in found["columns"]]
        readers = [READ.get(kind) for _, kind in columns]
        return Table(columns, [_read(row, readers) for row in found["rows"]])

    def delete(self, sql: str) -> list[str]:
        """The `_dlt_id` of each row that a DELETE would delete."""
        return self._ask("delete", sql)

    def _ask(self, name: str, *given: object) -> object:
        self._process.stdin.write(json.dumps([name, *given], default=_text) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the executor broke down over {name} {given}")
        answer = json.loads(line)
        if "error" in answer:
            raise InvalidSqlError(answer["error"])
        return answer["ok"]


def compile_ahead() -> None:
    """Begin to fill a missing cache, without waiting.

    It runs at low priority. `started` waits for its end.
    """
    if not CACHE.exists():
        nothing = subprocess.DEVNULL
        subprocess.Popen(["nice", *COMMAND], stdin=nothing, stdout=nothing)


@contextmanager
def started() -> Iterator[GoogleSql]:
    """The process, for as long as the tests need it."""
    pipe = subprocess.PIPE
    with subprocess.Popen(COMMAND, stdin=pipe, stdout=pipe, text=True) as process:
        yield GoogleSql(process)
        process.stdin.close()


def _read(row: list, readers: list) -> tuple:
    return tuple(
        value if value is None or read is None else read(value)
        for value, read in zip(row, readers, strict=True)
    )


def _text(value: object) -> str:
    """A value without a form in JSON, as text."""
    return value.isoformat() if isinstance(value, date) else str(value)
