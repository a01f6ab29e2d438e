"""The reports that are loaded, and all tables of a dataset: the only list of both."""

from typing import Any, Final

from claude_code_analytics import CLAUDE_CODE
from whole_days.report import Report
from whole_days.table import Table

from .inputs.tables import INPUT_TABLES

REPORTS: Final[tuple[Report[Any], ...]] = (CLAUDE_CODE,)


def all_tables() -> dict[str, Table]:
    """Every table that loads write, of reports and of input files, by name."""
    of_reports = (report.all_tables for report in REPORTS)
    return {name: table for tables in of_reports for name, table in tables.items()} | (
        INPUT_TABLES
    )
