"""The tests that dbt runs: `unique`, `not_null`, `relationships`, `accepted_values`."""

from collections.abc import Iterator, Sequence
from typing import Any, Final, TypeAlias

from whole_days.ledger_tables import DAY_FETCHES, FETCH
from whole_days.table import ID, PARENT, Table

from ..reports import REPORTS
from ..warehouses import Dialect

Test: TypeAlias = dict[str, Any] | str

STATUS: Final = ("complete", "failed")
# The day and the fetch are known of every row, whatever a record lacks.
ALWAYS_THERE: Final = frozenset(column.name for column in FETCH)


def one_row_per(
    columns: Sequence[str], relation: str, dialect: Dialect
) -> Iterator[Test]:
    """That no two rows share the values of these columns; nulls count as values.

    dbt's `unique` takes any expression. There is none for SQL that is not tested here.
    """
    value = dialect.as_one_value(columns)
    if value:
        name = f"{relation}_has_its_grain"
        yield {"unique": {"name": name, "arguments": {"column_name": value}}}


def of_column(table: Table, column: str, source: str) -> Iterator[Test]:
    """What holds of each value of a column of a raw table."""
    if column == ID:
        yield "unique"
    if column in (ID, PARENT) or _is_always_there(table, column):
        yield "not_null"
    if column == PARENT:
        yield _relationship(source, _records(table))
    if (table, column) == (DAY_FETCHES, "status"):
        yield {"accepted_values": {"arguments": {"values": [*STATUS]}}}


def _is_always_there(table: Table, column: str) -> bool:
    of_a_day = table.is_data or table.name.startswith(DAY_FETCHES.name)
    return of_a_day and column in ALWAYS_THERE


def _records(child: Table) -> Table:
    """The table whose rows a child's belong to."""
    return next(report.tables[0] for report in REPORTS if child in report.tables)


def _relationship(source: str, parent: Table) -> Test:
    to = f"source('{source}', '{parent.name}')"
    return {"relationships": {"arguments": {"to": to, "field": ID}}}
