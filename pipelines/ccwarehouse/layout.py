"""What BigQuery is told when it creates a table: its description, and how rows lie."""

from typing import Any

from dlt.destinations.impl.bigquery.bigquery_adapter import (
    CLUSTER_COLUMNS_HINT,
    TABLE_DESCRIPTION_HINT,
)
from dlt.extract import DltSource

from claude_code_analytics.contract import TABLES

# What people filter by after the day. BigQuery's own hint, and not dlt's `cluster` for
# every warehouse: Redshift would take two such columns for two distribution keys.
CLUSTERED_BY = {
    "usage_report": ["organization_id", "actor__email_address"],
    "usage_report__model_breakdown": ["organization_id", "model"],
    "usage_report__tool_actions": ["organization_id", "tool"],
}


def laid_out(source: DltSource) -> DltSource:
    """The same source with these hints, which other warehouses ignore."""
    for name, table in TABLES.items():
        hints: dict[str, Any] = {TABLE_DESCRIPTION_HINT: table.description}
        if name in CLUSTERED_BY:
            hints[CLUSTER_COLUMNS_HINT] = CLUSTERED_BY[name]
        source.resources[name].apply_hints(additional_table_hints=hints)
    return source
