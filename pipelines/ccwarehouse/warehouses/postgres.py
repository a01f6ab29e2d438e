"""Postgres: a server. Rows arrive by COPY, and only one load at a time writes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import dlt

from claude_code_marts import materialised, quoted
from whole_days.table import ID, PARENT, Table

from ..reports import BY_EXPRESSION
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


class postgres(dlt.destinations.postgres):  # noqa: N801 - dlt finds settings by it
    """dlt's destination, for any address that libpq accepts."""

    spec: type[PostgresClientConfiguration] = AnyPostgresConfiguration

    @property
    def client_class(self) -> type[PostgresClient]:
        """The client that loads files by COPY."""
        from .dlt_postgres_jobs import CopyingClient  # noqa: PLC0415 - needs the driver

        return CopyingClient


class Postgres(Engine):
    """A database on a server."""

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
        """dlt's destination, with parquet if ADBC is installed, otherwise csv.

        dlt's default, INSERT with a literal for every value, is several times slower.
        To compare, name `insert_values` here, and time a load from the fake API.
        """
        return storing_one_schema(postgres)(
            preferred_loader_file_format="parquet" if _has_adbc() else "csv",
            supported_loader_file_formats=["csv", "parquet"],
        )


def _indexes(table: Table) -> dict[str, str]:
    """The indexes of a table: a name, and the column or expression.

    Readers and the replacement of days use `date`. The views' joins of children to
    records use the other one.
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

    # Right after a load Postgres has no statistics and plans for small tables. A nested
    # loop would then compare each entry with each record: minutes for a day's 16,000.
    # Sorting texts takes longer than hashing them, and compiling a query takes longer
    # than running it: seconds for a night's hundred thousand rows. `make bench-marts`
    # prints what a load pays; leave a setting out to compare.
    before_storing = tuple(
        f"set local {setting} to off"
        for setting in ("enable_nestloop", "enable_mergejoin", "enable_sort", "jit")
    )

    # A hash table gives rows in no order: the 22,000 of a month lay in 17,000 pages.
    # Stored marts then cost a load 2.3 s, and 2.0 s in order (`make bench-marts`, with
    # a million records).
    stores_in_order = True

    def index_tables(
        self, client: Client, tables: Mapping[str, Table], *, stores_marts: bool
    ) -> None:
        """Create missing indexes. Readers do not have to wait."""
        for table in tables.values():
            path = client.make_qualified_table_name(table.name)
            for name, expression in _indexes(table).items():
                index = f"{table.name}_by_{name}"
                _index(client, index, path, expression)
        for view in materialised() if stores_marts else ():
            path = client.make_qualified_table_name(table_name(view))
            for column in {"date", "month", "actor"} & view.columns.keys():
                _index(client, f"{table_name(view)}_by_{column}", path, column)

    def no_views(self, client: Client, dataset: str) -> list[tuple[str, str]]:
        """The objects of a dataset that are not views: name and kind."""
        return no_views(client, dataset)

    def dependants(
        self, client: Client, dataset: str, views: Sequence[str]
    ) -> list[tuple[str, str]]:
        """The objects of others that read our views: name, and the view."""
        return dependants(client, dataset, views)

    @contextmanager
    def reading(
        self, client: Client, query: str
    ) -> Iterator[Iterator[Sequence[Sequence[Any]]]]:
        """Read by a cursor on the server: the driver would fetch all rows first."""
        with client.begin_transaction():
            client.execute_sql(f"declare rows no scroll cursor for {query}")
            yield _fetched(client, f"fetch {ROWS_AT_ONCE} from rows")

    def as_one_value(self, columns: Sequence[str]) -> str | None:
        """The text of a row: a row with a null is never `not null` itself."""
        return f"cast(row({', '.join(map(quoted, columns))}) as text)"

    def by_code_points(self, key: str) -> str:
        """Sort by C: the database's own collation may be that of a language."""
        return f'{key} collate "C"'

    def compact(self, client: Client) -> None:
        """Write all tables anew. Readers wait meanwhile."""
        for place in (client.dataset_name, client.staging_dataset_name):
            with client.with_alternative_dataset_name(place):
                for table in sorted({name for name, _ in self.text_columns(client)}):
                    path = client.make_qualified_table_name(table)
                    client.execute_sql(f"vacuum (full) {path}")

    def lock(self, client: Client) -> None:
        """Take an advisory lock. It ends with the connection, even after a crash."""
        holder = try_lock(client, f"ccwarehouse:{client.dataset_name}")
        if holder is not None:
            raise WarehouseInUseError(f"another load writes to it ({holder}).")
