"""Descriptions by COMMENT ON, for DuckDB and Postgres.

For BigQuery and others dlt writes descriptions itself, as options of the DDL.
"""

from collections.abc import Mapping
from typing import Final

from claude_code_marts import Model
from whole_days.table import Table

from . import facts
from .names import column_of_view
from .other import Client, Dialect
from .stored_names import stored_descriptions

VIEWS: Final = """
    select table_name from information_schema.tables
    where table_type = 'VIEW' and table_schema = %s
"""


class CommentOn(Dialect):
    """SQL that has COMMENT ON."""

    def views(self, client: Client, dataset: str) -> list[str]:
        """The names of a dataset's views."""
        return [name for (name,) in client.execute_sql(VIEWS, dataset) or ()]

    def view(self, client: Client, path: str, query: str, view: Model) -> list[str]:
        """The view and its comments: in DuckDB a replaced view loses its old ones."""
        creation = super().view(client, path, query, view)
        described = _comments(client, "view", path, view.description, view.columns)
        return [*creation, *described]

    def describe_tables(
        self, client: Client, tables: Mapping[str, Table], *, stores_marts: bool
    ) -> None:
        """Comment on the tables and their columns, in one transaction."""
        statements = []
        described = [
            *(
                (name, table.description, table.descriptions)
                for name, table in tables.items()
            ),
            (facts.FACTS, facts.DESCRIPTION, facts.COLUMNS),
            *(stored_descriptions() if stores_marts else ()),
        ]
        for name, description, columns in described:
            path = client.make_qualified_table_name(name)
            statements += _comments(client, "table", path, description, columns)
        with client.begin_transaction():
            client.execute_many(statements)


def _comments(
    client: Client, kind: str, path: str, description: str, columns: dict[str, str]
) -> list[str]:
    literal = client.capabilities.escape_literal
    return [
        f"comment on {kind} {path} is {literal(description)}",
        *(
            f"comment on column {path}.{column_of_view(client, column)} "
            f"is {literal(text)}"
            for column, text in columns.items()
        ),
    ]
