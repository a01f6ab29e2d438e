"""Descriptions of the raw tables, for warehouses whose SQL has COMMENT ON."""

from typing import Any

from dlt.destinations.sql_client import SqlClientBase

from claude_code_analytics.contract import TABLES

# dlt brings descriptions to BigQuery and others itself, as options of their DDL.
HAVE_COMMENT_ON = ("duckdb", "postgres")


def comment_on_tables(client: SqlClientBase[Any]) -> None:
    """Write the descriptions of all tables and columns, in one transaction."""
    if client.capabilities.sqlglot_dialect not in HAVE_COMMENT_ON:
        return
    with client.begin_transaction():
        client.execute_many(_statements(client))


def _statements(client: SqlClientBase[Any]) -> list[str]:
    literal = client.capabilities.escape_literal
    statements = []
    for name, table in TABLES.items():
        path = client.make_qualified_table_name(name)
        statements.append(f"COMMENT ON TABLE {path} IS {literal(table.description)}")
        statements += [
            f"COMMENT ON COLUMN {path}.{client.escape_column_name(column)} "
            f"IS {literal(text)}"
            for column, text in table.descriptions.items()
        ]
    return statements
