"""The reports whose tables are known, and all tables of a dataset.

Descriptions, indexes, dbt's sources and the data dictionary are made from them. Which
report is loaded is chosen by the commands: `cli`, `doctor` and `demo` name it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from anthropic_directory import SCHEMA as DIRECTORY
from anthropic_directory import TABLES as DIRECTORY_TABLES
from anthropic_usage_and_cost import COST_REPORT, MESSAGES_USAGE
from claude_code_analytics import CLAUDE_CODE
from whole_days.report import Report
from whole_days.table import Table

from .inputs.tables import INPUT_TABLES

REPORTS: Final[tuple[Report[Any], ...]] = (CLAUDE_CODE, COST_REPORT, MESSAGES_USAGE)

# The tables that a dataset has only once a load of this dlt schema is committed.
OPTIONAL: Final[Mapping[str, Mapping[str, Table]]] = {
    **{
        report.source: {table.name: table for table in report.tables}
        for report in (COST_REPORT, MESSAGES_USAGE)
    },
    DIRECTORY: DIRECTORY_TABLES,
}


def usual_tables() -> dict[str, Table]:
    """The tables that every dataset has: of the usage report and of input files."""
    return {**CLAUDE_CODE.all_tables, **INPUT_TABLES}


def all_tables() -> dict[str, Table]:
    """Every table that loads write, by name."""
    return tables_of(OPTIONAL)


def optional_tables() -> set[str]:
    """The names of the tables that a dataset may lack."""
    return {name for tables in OPTIONAL.values() for name in tables}


def tables_of(schemas: Iterable[str]) -> dict[str, Table]:
    """The tables of a dataset with committed loads of these dlt schemas, by name."""
    found = usual_tables()
    for schema in schemas:
        found |= OPTIONAL.get(schema, {})
    return found
