"""The reports whose tables are known, and all tables of a dataset.

Descriptions, indexes, dbt's sources and the data dictionary are made from them. Which
report is loaded is chosen by the commands: `cli`, `doctor` and `demo` name it.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from anthropic_directory import NAMES as DIRECTORY_NAMES
from anthropic_directory import SCHEMA, remade_rows
from anthropic_directory import TABLES as DIRECTORY_TABLES
from anthropic_usage_and_cost import REPORTS as OF_API
from claude_code_analytics import CLAUDE_CODE
from claude_code_analytics.contract import MODEL_BREAKDOWN
from whole_days.report import Announced, Report
from whole_days.table import Table

from .inputs.tables import INPUT_TABLES

DIRECTORY: Final = SCHEMA  # the dlt schema of the directory's tables
REPORTS: Final[tuple[Report[Any], ...]] = (CLAUDE_CODE, *OF_API)

# The tables that a dataset has only once a load of this dlt schema is committed.
OPTIONAL: Final[Mapping[str, Mapping[str, Table]]] = {
    **{
        report.source: {table.name: table for table in report.tables}
        for report in OF_API
    },
    DIRECTORY: DIRECTORY_TABLES,
}

# The table of the usage report's records: stored marts are made of its days, and a
# dataset without it holds no usage.
RECORDS: Final = CLAUDE_CODE.tables[0].name

# The column with the currencies that are spent.
SPENT: Final = Announced(MODEL_BREAKDOWN.name, "estimated_cost__currency")

# The names of API keys that the usage has, for a query over raw tables.
USED_KEYS: Final = f"""
    select distinct account, organization_id, actor__api_key_name as actor
    from claude_code.{RECORDS}
"""

# The same expression as in stg_usage: Postgres uses the index only then. If the
# expression changes, rename the index: an existing one is not replaced.
ACTOR: Final = (
    "coalesce(nullif(case when lower(actor__email_address) = actor__email_address"
    " then actor__email_address else translate(actor__email_address,"
    " 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, ''),"
    " nullif(actor__api_key_name, ''), 'unknown')"
)

# Indexes by expression for readers, by table, where the engine has such.
BY_EXPRESSION: Final = {RECORDS: {"actor_lowered": ACTOR}}

# Further tables that may hold data of people, each with the column that has their name,
# if any. `REMADE` makes their rows anew when the privacy settings change.
NAMING_TABLES: Final[Mapping[str, str | None]] = DIRECTORY_NAMES
REMADE: Final = remade_rows


def usual_tables() -> dict[str, Table]:
    """The tables that every dataset has: of the usage report and of input files."""
    return {**CLAUDE_CODE.all_tables, **INPUT_TABLES}


def all_tables() -> dict[str, Table]:
    """Every table that loads write, by name."""
    return tables_of(OPTIONAL)


def tables_of(schemas: Iterable[str]) -> dict[str, Table]:
    """The tables of a dataset with committed loads of these dlt schemas, by name."""
    return {
        name: table
        for tables in tables_by_schema(schemas).values()
        for name, table in tables.items()
    }


def tables_by_schema(schemas: Iterable[str]) -> dict[str, Mapping[str, Table]]:
    """The same, apart for each dlt schema, the usual one first."""
    found: dict[str, Mapping[str, Table]] = {CLAUDE_CODE.source: usual_tables()}
    return found | {name: OPTIONAL[name] for name in schemas if name in OPTIONAL}
