"""BigQuery as dlt has it, but with one schema stored for all loads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlt.destinations.impl.bigquery import factory

from .stored_schema import OneStoredSchema

if TYPE_CHECKING:
    from dlt.destinations.impl.bigquery.bigquery import BigQueryClient


class bigquery(factory.bigquery):  # noqa: N801 - dlt names destinations like this
    """The destination."""

    @property
    def client_class(self) -> type[BigQueryClient]:
        """dlt's client, which needs the extra's libraries, with that schema."""
        client = super().client_class
        return type(client.__name__, (OneStoredSchema, client), {})
