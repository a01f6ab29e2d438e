"""Postgres: a server. Whole files are copied in, and one load at a time writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import dlt

from claude_code_marts import materialised
from whole_days.table import ID, PARENT, Table

from ..reports import all_tables
from .comment_on import CommentOn
from .dlt_stored_schema import storing_one_schema
from .errors import WarehouseInUseError
from .fixes import CORRECT, CREATE, GRANT
from .other import ROWS_AT_ONCE, AnyDestination, Client, DriverErrors, Engine
from .postgres_catalogue import dependants, no_views, try_lock
from .postgres_credentials import AnyPostgresConfiguration
from .stored_names import table_name

if TYPE_CHECKING:
    from dlt.destinations.impl.postgres.configuration import PostgresClientConfiguration
    from dlt.destinations.impl.postgres.postgres import PostgresClient

# As stg_usage writes it: Postgres uses the index for exactly this expression. One
# written otherwise is another index and needs another name.
ACTOR = (
    "coalesce(nullif(case when lower(actor__email_address) = actor__email_address"
    " then actor__email_address else translate(actor__email_address,"
    " 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz') end, ''),"
    " nullif(actor__api_key_name, ''), 'unknown')"
)

# By actor for readers, beside what `_indexes` finds for every table of data.
BY_EXPRESSION = {"usage_report": {"actor_lowered": ACTOR}}


class postgres(dlt.destinations.postgres):  # noqa: N801 - dlt's settings go by it
    """dlt's destination, for any address that libpq knows."""

    spec: type[PostgresClientConfiguration] = AnyPostgresConfiguration

    @property
    def client_class(self) -> type[PostgresClient]:
        """The client that copies files."""
        from .dlt_postgres_jobs import CopyingClient  # noqa: PLC0415 - needs the driver

        return CopyingClient


class Postgres(Engine):
    """A database of a server."""

    stores_marts: ClassVar[bool] = True
    errors: ClassVar[DriverErrors] = DriverErrors(
        {
            "authentication failed": CORRECT,
            "database .* does not exist": CREATE,
            "permission denied|must be owner": GRANT,
        },
        unreadable="invalid dsn",
        before="PGRES_FATAL_ERROR ERROR:  ",
    )
    extra: ClassVar[str | None] = "dlt[postgres]"

    def destination(self) -> AnyDestination:
        """With parquet where ADBC is installed, and csv where it is not.

        dlt itself prefers an INSERT with a literal for every value, several times as
        slow.
        """
        return storing_one_schema(postgres)(
            preferred_loader_file_format="parquet" if _has_adbc() else "csv",
            supported_loader_file_formats=["csv", "parquet"],
        )


def _indexes(table: Table) -> dict[str, str]:
    """What a table is indexed by: a name for it, and the column or expression.

    By day for readers and for the replacement of days, and by record for the joins of
    the views: a child's record, and the record that children look for.
    """
    if not table.is_data:
        return {}
    is_child = PARENT in table.schema.names
    by_record = {"parent": PARENT} if is_child else {"id": ID}
    return {"date": "date", **by_record, **BY_EXPRESSION.get(table.name, {})}


def _index(client: Client, name: str, path: str, expression: str) -> None:
    client.execute_sql(f"create index if not exists {name} on {path} ({expression})")


def _has_adbc() -> bool:
    with suppress(ImportError):
        for part in ("adbc_driver_manager", "adbc_driver_postgresql"):
            import_module(part)
        return True
    return False


def _fetched(client: Client, fetch: str) -> Iterator[Sequence[Sequence[Any]]]:
    while rows := client.execute_sql(fetch):
        yield rows


class PostgresSql(CommentOn):
    """Postgres's SQL."""

    # Right after a load Postgres knows no statistics, takes tables for small, and would
    # compare each entry with each record: minutes for 16,000 entries of a day.
    before_storing = ("set local enable_nestloop to off",)

    def index_tables(self, client: Client, *, stores_marts: bool) -> None:
        """Create the indexes that are not there. Readers are not kept waiting."""
        for table in all_tables().values():
            path = client.make_qualified_table_name(table.name)
            for name, expression in _indexes(table).items():
                index = f"{table.name}_by_{name}"
                _index(client, index, path, expression)
        for view in materialised() if stores_marts else ():
            path = client.make_qualified_table_name(table_name(view))
            for column in {"date", "actor"} & view.columns.keys():
                _index(client, f"{table_name(view)}_by_{column}", path, column)

    def no_views(self, client: Client, dataset: str) -> list[tuple[str, str]]:
        """What has a name in a dataset and is no view: the name, and what it is."""
        return no_views(client, dataset)

    def dependants(
        self, client: Client, dataset: str, views: Sequence[str]
    ) -> list[tuple[str, str]]:
        """What others have built on views: its name, and the view it reads."""
        return dependants(client, dataset, views)

    @contextmanager
    def reading(
        self, client: Client, query: str
    ) -> Iterator[Iterator[Sequence[Sequence[Any]]]]:
        """From a cursor of the server's: the driver's own would take all rows first."""
        with client.begin_transaction():
            client.execute_sql(f"declare rows no scroll cursor for {query}")
            yield _fetched(client, f"fetch {ROWS_AT_ONCE} from rows")

    def as_one_value(self, columns: Sequence[str]) -> str | None:
        """The text of a row: a row with a null is never `not null` itself."""
        return f"cast(row({', '.join(columns)}) as text)"

    def by_code_points(self, key: str) -> str:
        """A database's own collation may be that of a language."""
        return f'{key} collate "C"'

    def lock(self, client: Client) -> None:
        """Take an advisory lock, which ends with the connection, also in a crash."""
        holder = try_lock(client, f"ccwarehouse:{client.dataset_name}")
        if holder is not None:
            raise WarehouseInUseError(f"another load writes to it ({holder}).")
