"""Cases: given rows of raw tables and expected rows of views, as CSV beside the SQL.

    transforms/claude_code_marts/cases/<what is so>/given/<raw table>.csv
    transforms/claude_code_marts/cases/<what is so>/expected/<view>.csv

An empty field is null, and "" is the empty text. A file names only the
columns that matter. Other columns of a given row are null or have their `DEFAULTS`;
other columns of an expected row are not compared. A row's `_dlt_id` is its number in
the file.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
from pyarrow import csv

import claude_code_marts
from ccwarehouse.reports import OPTIONAL
from engines import RAW_TABLES, Answer, Engine, bag
from histories import Rows

FOLDER = Path(claude_code_marts.__file__).with_name("cases")

DEFAULTS = {
    "report": "claude_code",
    "account": "default",
    "date": date(2025, 9, 1),
    "load_number": 1,
    "_dlt_load_id": "committed",
    "inserted_at": datetime(2025, 9, 1, tzinfo=UTC),
}
LOADS = [{"load_id": "committed", "status": 0, "inserted_at": DEFAULTS["inserted_at"]}]
# A version of each input file, unless a case gives rows of input_files.
VERSIONS = [
    {"name": name, "version": 1, "_dlt_load_id": "committed"}
    for name in ("teams", "budgets", "owners", "weekend")
]

NULLS = {
    "null_values": [""],
    "strings_can_be_null": True,
    "quoted_strings_can_be_null": False,
}


@dataclass(frozen=True)
class Case:
    """A folder of given and expected rows, named after the property they show."""

    folder: Path

    @property
    def name(self) -> str:
        """The property."""
        return self.folder.name

    @property
    def views(self) -> list[str]:
        """The views with expected rows."""
        return sorted(file.stem for file in (self.folder / "expected").iterdir())

    @property
    def is_further(self) -> bool:
        """Whether it is about tables of further reports."""
        optional = {name for tables in OPTIONAL.values() for name in tables}
        given = {file.stem for file in (self.folder / "given").iterdir()}
        return not given.isdisjoint(optional)

    def given(self, schemas: dict[str, pa.Schema]) -> Rows:
        """The rows of every raw table."""
        found: Rows = {table: [] for table in RAW_TABLES}
        found |= {"_dlt_loads": LOADS, "input_files": VERSIONS}
        for file in (self.folder / "given").iterdir():
            schema = schemas[file.stem]
            found[file.stem] = [
                _whole(row, number, schema.names)
                for number, row in enumerate(_read(file, schema), 1)
            ]
        return found

    def expected(self, view: str, schema: pa.Schema) -> Answer:
        """The expected rows of a view, with the columns that the file names."""
        file = self.folder / "expected" / f"{view}.csv"
        rows = _read(file, schema)
        names = _columns(file)
        return Answer(names, bag(tuple(row[name] for name in names) for row in rows))

    def differences(self, engine: Engine, schemas: dict[str, pa.Schema]) -> dict:
        """By view, the missing and the unexpected rows."""
        engine.fill(self.given(schemas), views=self.views)
        answers = engine.views(self.views)
        found = {}
        for view in self.views:
            names, expected = self.expected(view, schemas[view])
            actual = _only(names, answers[view])
            if expected != actual:
                found[view] = [*(expected - actual)], [*(actual - expected)]
        return found


def cases() -> list[Case]:
    """All cases, by name."""
    return [Case(folder) for folder in sorted(FOLDER.iterdir()) if folder.is_dir()]


def _read(file: Path, schema: pa.Schema) -> list[dict]:
    unknown = set(_columns(file)) - set(schema.names)
    if unknown:
        raise ValueError(f"{file}: {file.stem} has no column {', '.join(unknown)}")
    typed = csv.ConvertOptions(column_types=schema, **NULLS)
    return csv.read_csv(file, convert_options=typed).to_pylist()


def _columns(file: Path) -> list[str]:
    return file.read_text().partition("\n")[0].split(",")


def _whole(row: dict, number: int, names: list[str]) -> dict:
    usual = DEFAULTS | {"_dlt_id": str(number)}
    return {name: usual[name] for name in names if name in usual} | row


def _only(names: list[str], answer: Answer) -> Counter:
    positions = [[name for name, _ in answer.columns].index(name) for name in names]
    return Counter(
        tuple(row[position] for position in positions) for row in answer.rows.elements()
    )
