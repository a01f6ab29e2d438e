"""BigQuery: a service, which keeps descriptions and the lay of rows in its tables."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

import dlt
from dlt.common.configuration.specs.exceptions import InvalidGoogleOauth2Json
from dlt.extract import DltSource

from claude_code_marts import Model
from whole_days.table import Table

from .dlt_stored_schema import storing_one_schema
from .fixes import GRANT
from .other import AnyDestination, Client, Dialect, DriverErrors, Engine


class BigQuery(Engine):
    """A project. It has no lock that a load could hold."""

    stores_marts: ClassVar[bool] = True
    errors: ClassVar[DriverErrors] = DriverErrors(
        {"Access Denied": GRANT},
        unreadable="Unable to load PEM",
        after=" See also http",
        expected={
            InvalidGoogleOauth2Json: (  # the last of the kinds that dlt tries
                "Expected is the JSON of a service account's key, whole."
            )
        },
    )
    extra: ClassVar[str | None] = "dlt[bigquery]"

    def destination(self) -> AnyDestination:
        """dlt's destination."""
        return storing_one_schema(dlt.destinations.bigquery)()

    def lay_out(self, source: DltSource, tables: Mapping[str, Table]) -> DltSource:
        """With descriptions and clusters; the source itself names the partitions.

        The hint is BigQuery's own, and not dlt's `cluster` for every warehouse:
        Redshift would take two such columns for two distribution keys.
        """
        from dlt.destinations.adapters import bigquery_adapter  # noqa: PLC0415 - 30 ms

        for name, table in tables.items():
            bigquery_adapter(
                source.resources[name],
                table_description=table.description,
                cluster=[*table.filtered_by],
            )
        return source


class BigQuerySql(Dialect):
    """GoogleSQL."""

    def as_one_value(self, columns: Sequence[str]) -> str | None:
        """JSON as text, with the names of the columns."""
        return f"to_json_string(struct({', '.join(columns)}))"

    def view(self, client: Client, path: str, query: str, view: Model) -> list[str]:
        """One statement: descriptions are options, which a view loses when replaced."""
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
