"""The reports that are loaded. Only this module names all sources."""

from typing import Any, Final

from claude_code_analytics import CLAUDE_CODE
from whole_days.report import Report
from whole_days.table import Table

REPORTS: Final[tuple[Report[Any], ...]] = (CLAUDE_CODE,)


def all_tables() -> dict[str, Table]:
    """Every table that loads write, over all reports, by name."""
    return {
        name: table for report in REPORTS for name, table in report.all_tables.items()
    }
