"""BigQuery: a service. Its tables have descriptions, partitions and clusters."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from typing import ClassVar, Final

import dlt
from dlt.common.configuration.specs.exceptions import InvalidGoogleOauth2Json
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.extract import DltSource

from claude_code_marts import Model
from whole_days.table import Table

from .dlt_stored_schema import storing_one_schema
from .fixes import GRANT
from .other import AnyDestination, Client, Dialect, DriverErrors, Engine

TEXT_COLUMNS: Final = """
    select columns.table_name, columns.column_name
    from {dataset}.INFORMATION_SCHEMA.COLUMNS as columns
    join {dataset}.INFORMATION_SCHEMA.TABLES as tables
        on tables.table_name = columns.table_name
    where tables.table_type = 'BASE TABLE' and columns.data_type = 'STRING'
    order by columns.table_name, columns.column_name
"""


VIEWS: Final = """
    select table_name from {dataset}.INFORMATION_SCHEMA.TABLES
    where table_type = 'VIEW'
"""


class BigQuery(Engine):
    """A project. It has no lock that keeps other loads out."""

    stores_marts: ClassVar[bool] = True
    errors: ClassVar[DriverErrors] = DriverErrors(
        {"Access Denied": GRANT},
        unreadable="Unable to load PEM",
        after=" See also http",
        expected={
            InvalidGoogleOauth2Json: (  # the last kind of credentials that dlt tries
                "Expected is the complete JSON of a service account's key."
            )
        },
    )
    extra: ClassVar[str | None] = "dlt[bigquery]"

    def destination(self) -> AnyDestination:
        """dlt's destination."""
        return storing_one_schema(dlt.destinations.bigquery)()

    def lay_out(self, source: DltSource, tables: Mapping[str, Table]) -> DltSource:
        """The source with descriptions and clusters. It already has partitions.

        This uses BigQuery's own hint. dlt's general hint `cluster` would give Redshift
        two distribution keys.
        """
        from dlt.destinations.adapters import bigquery_adapter  # noqa: PLC0415 - BigQuery

        for name, table in tables.items():
            bigquery_adapter(
                source.resources[name],
                table_description=table.description,
                cluster=[*table.filtered_by],
            )
        return source


class BigQuerySql(Dialect):
    """GoogleSQL."""

    def literal(self, client: Client, value: object) -> str:
        """A decimal has more digits than GoogleSQL's `decimal`."""
        if isinstance(value, Decimal):
            return f"cast('{value:f}' as bignumeric)"
        if isinstance(value, datetime):
            return f"timestamp '{value.isoformat()}'"
        return super().literal(client, value)

    def text_columns(self, client: Client) -> Sequence[tuple[str, str]]:
        """From the dataset's own catalogue; none if the dataset is not there."""
        dataset = client.fully_qualified_dataset_name()
        with suppress(DatabaseUndefinedRelation):
            found = client.execute_sql(TEXT_COLUMNS.format(dataset=dataset))
            return [(table, column) for table, column in found or ()]
        return []

    def views(self, client: Client, dataset: str) -> list[str]:
        """The names of a dataset's views."""
        with client.with_alternative_dataset_name(dataset):
            path = client.fully_qualified_dataset_name()
        return [
            name for (name,) in client.execute_sql(VIEWS.format(dataset=path)) or ()
        ]

    def as_one_value(self, columns: Sequence[str]) -> str | None:
        """JSON as text, with the names of the columns."""
        return f"to_json_string(struct({', '.join(columns)}))"

    def view(self, client: Client, path: str, query: str, view: Model) -> list[str]:
        """One statement with descriptions: a replaced view loses its old ones."""
        literal = client.capabilities.escape_literal
        described = ",\n".join(
            f"    {client.escape_column_name(column)}"
            f" options (description = {literal(text)})"
            for column, text in view.columns.items()
        )
        options = f"options (description = {literal(view.description)})"
        return [
            f"create or replace view {path} (\n{described}\n) {options} as\n{query}"
        ]
