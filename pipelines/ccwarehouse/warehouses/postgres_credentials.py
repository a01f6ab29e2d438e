"""Credentials of Postgres: dlt's, extended to all URLs of libpq, and checked."""

from typing import Final

from dlt.common.configuration import configspec
from dlt.common.libs.sql_alchemy_shims import URL
from dlt.destinations.impl.postgres.configuration import (
    PostgresClientConfiguration,
    PostgresCredentials,
)

from .errors import UnusableCredentialsError

SCHEMES: Final = ("postgresql", "postgres")
WRONG_SCHEME = (
    "The credentials of postgres begin with {scheme}://. Begin them with "
    "postgresql://, as in postgresql://user:password@host/database."
)
NO_HOST = (
    "The credentials of postgres name a host with an @ in it. Write %40 for an @ in "
    "the user or the password."
)
TWICE = "The credentials of postgres name {name} more than once. Name it once."


@configspec(init=False)
class AnyPostgresCredentials(PostgresCredentials):
    """`host` may also be the folder of a Unix socket, also in a URL's query."""

    def parse_native_representation(self, native_value: object) -> None:
        """Read a connection string. Raises `UnusableCredentialsError`."""
        super().parse_native_representation(native_value)
        if self.drivername not in SCHEMES:
            text = WRONG_SCHEME.format(scheme=self.drivername)
            raise UnusableCredentialsError(text)
        query = self.query or {}
        for name, value in query.items():
            if not isinstance(value, str):
                raise UnusableCredentialsError(TWICE.format(name=name))
        if host := query.pop("host", None):
            self.host = host
        if port := query.pop("port", None):
            self.port = int(port)

    def on_resolved(self) -> None:
        """Refuse a host with an @: its beginning is the end of a password."""
        if "@" in self.host:
            raise UnusableCredentialsError(NO_HOST)

    def to_url(self) -> URL:
        """The connection string; a socket's path can only be in its query."""
        url = super().to_url()
        if not (self.host or "").startswith("/"):
            return url
        return url._replace(host=None).update_query_dict({"host": self.host})


@configspec
class AnyPostgresConfiguration(PostgresClientConfiguration):
    """dlt's, with these credentials."""

    credentials: AnyPostgresCredentials = None  # type: ignore[assignment] # as dlt has it
