"""Indexes on the raw tables, for Postgres: other warehouses need none."""

from typing import Any

from dlt.destinations.sql_client import SqlClientBase

# As stg_usage writes it: Postgres uses the index for exactly this expression. One
# written otherwise is another index and needs another name.
ACTOR = (
    "coalesce(nullif(case when lower(actor__email_address) = actor__email_address"
    " then actor__email_address else translate(actor__email_address,"
    " 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, ''),"
    " nullif(actor__api_key_name, ''), 'unknown')"
)

# By day for readers and for the replacement of days, by actor for readers, and by
# record for the joins of the views.
INDEXES = {
    "usage_report": {"date": "date", "actor_lowered": ACTOR, "id": "_dlt_id"},
    "usage_report__model_breakdown": {"date": "date", "parent": "_dlt_parent_id"},
    "usage_report__tool_actions": {"date": "date", "parent": "_dlt_parent_id"},
}


def index_tables(client: SqlClientBase[Any]) -> None:
    """Create the indexes that are not there. Readers are not kept waiting."""
    if client.capabilities.sqlglot_dialect != "postgres":
        return
    for table, indexes in INDEXES.items():
        path = client.make_qualified_table_name(table)
        for name, expression in indexes.items():
            client.execute_sql(
                f"CREATE INDEX IF NOT EXISTS {table}_by_{name} ON {path} ({expression})"
            )
