"""The values of one row, each parsed as its type."""

import re
from datetime import date
from decimal import Decimal

from whole_days.privacy import folded

from .csv_file import CsvFile, Row
from .faults import Fault, shown

DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
MONTH = re.compile(r"[0-9]{4}-[0-9]{2}")
# Amounts fit into decimal(38, 12) with room for sums.
AMOUNT = re.compile(r"[0-9]{1,15}(\.[0-9]{1,12})?")
# In many languages this has a separator of thousands.
AMBIGUOUS = re.compile(r"[0-9]{1,3}\.[0-9]{3}")


class Cells:
    """A row's values. A value that cannot be read is None, and a fault of the file."""

    def __init__(self, file: CsvFile, row: Row) -> None:
        self.line = row.line
        self._file = file
        self._cells = row.cells
        self._refused = set(row.refused)

    @property
    def are_right(self) -> bool:
        """Whether no value was refused so far."""
        return not self._refused

    def text(self, column: str) -> str:
        """The value unchanged; empty if the file has no such column."""
        return self._cells.get(column, "")

    def actor(self, column: str) -> str:
        """The value folded like emails in stg_usage."""
        return folded(self.text(column))

    def day(self, column: str) -> date | None:
        """A date; an empty value is None without a fault."""
        value = self.text(column)
        if not value:
            return None
        advice = "is no date. Write YYYY-MM-DD, as in 2026-01-31."
        return self._date(column, value, DAY, advice)

    def month(self, column: str) -> date | None:
        """The first day of a month."""
        advice = (
            "is no month. Write YYYY-MM, as in 2026-01; in Excel, format the column as"
            " text first."
        )
        value = self.text(column)
        if MONTH.fullmatch(value):
            return self._date(column, f"{value}-01", DAY, advice)
        self.refuse(column, advice)
        return None

    def amount(self, column: str) -> Decimal | None:
        """An amount of money that is not negative."""
        value = self.text(column)
        if AMBIGUOUS.fullmatch(value):
            advice = "may be thousands or not. Write 5000.00 for these, else 5.00."
            self.refuse(column, advice)
            return None
        if AMOUNT.fullmatch(value):
            return Decimal(value)
        advice = (
            "is no amount. Write digits and a point, as in 1500.00: no sign, no"
            " currency, no separator of thousands, at most 12 decimal places."
        )
        self.refuse(column, advice)
        return None

    def refuse(self, column: str, advice: str) -> None:
        """Note the first fault of a column's value, and what to write instead."""
        if column in self._refused:
            return
        self._refused.add(column)
        said = shown(self.text(column))
        self._file.note([Fault(self.line, column, f"{said} {advice}")])

    def _date(
        self, column: str, value: str, form: re.Pattern[str], advice: str
    ) -> date | None:
        try:
            if form.fullmatch(value):
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.refuse(column, advice)
        return None
