"""The reports whose tables are known, and all tables of a dataset.

Descriptions, indexes, dbt's sources and the data dictionary are made from them. Which
report is loaded is chosen by the commands: `cli`, `doctor` and `demo` name it.
"""

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
