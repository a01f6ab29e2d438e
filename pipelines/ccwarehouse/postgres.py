"""Postgres as dlt has it, but with whole files copied in: parquet, or else csv."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations._adbc_jobs import make_adbc_parquet_file_format_selector
from dlt.destinations.impl.postgres import factory

from .credentials import AnyPostgresConfiguration

if TYPE_CHECKING:
    from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration
    from dlt.destinations.impl.postgres.postgres import PostgresClient

DOCS = "https://dlthub.com/docs/dlt-ecosystem/destinations/postgres"


class postgres(factory.postgres):  # noqa: N801 - dlt names destinations like this
    """The destination: parquet where ADBC is installed, csv where it is not.

    dlt itself prefers a literal in an INSERT for every value, several times as slow.
    """

    spec: type[PostgresClientConfiguration] = AnyPostgresConfiguration

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        capabilities = super()._raw_capabilities()
        capabilities.preferred_loader_file_format = "csv"
        capabilities.supported_loader_file_formats = ["csv", "parquet"]
        capabilities.loader_file_format_selector = (
            make_adbc_parquet_file_format_selector(
                factory.get_adbc_driver_location(), DOCS, prefer_parquet=True
            )
        )
        return capabilities

    @property
    def client_class(self) -> type[PostgresClient]:
        """The client that makes the jobs."""
        from .copying import CopyingClient  # noqa: PLC0415 - needs the extra's driver

        return CopyingClient
