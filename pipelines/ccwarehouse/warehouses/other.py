"""Any SQL destination of dlt's: what is asked of each engine, and the default answers.

`Engine` is the destination: its file or its server. `Dialect` is its SQL. They are two
questions: MotherDuck has DuckDB's SQL, but no file of ours. An engine with other
answers has a file of its own beside this one.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Final, cast

import dlt
import pyarrow as pa
from dlt.common.destination import Destination
from dlt.destinations.sql_client import SqlClientBase
from dlt.extract import DltSource

from claude_code_marts import Model
from whole_days.table import Table

from .configuration import destinations_only
from .errors import ImpossibleNameError, UnsuitableDestinationError
from .fixes import MAKE_ROOM, WAIT
from .names import stored_name
from .waiting import IMPATIENT, Patience

AnyDestination = Destination[Any, Any]
Client = SqlClientBase[Any]

# Rows that are in memory at once while a view is read; DuckDB counts in 2,048.
ROWS_AT_ONCE: Final = 16_384

NO_REPLACEMENT = (
    "{name} cannot hold this data: dlt only adds rows to it or overwrites them one by "
    "one, so what the API has withdrawn from a day would stay. Name one where a day "
    "can be deleted with --destination: duckdb, postgres, bigquery or another SQL "
    "database."
)
NO_FILE_THERE = (
    "--publish copies a DuckDB file, and {destination} is none. Leave it out."
)


@dataclass(frozen=True)
class DriverErrors:
    """What an engine's driver says when something is wrong, and what that means.

    `fixes` maps patterns of its words to what a person does; words, because a
    connection that was refused has no code. `unreadable` matches what it says of
    credentials that it cannot even read, and then quotes. `before` and `after` enclose
    its message without saying anything. `expected` tells what dlt should have been
    given, by the error that dlt raises.
    """

    fixes: Mapping[str, str] = field(default_factory=dict)
    unreadable: str | None = None
    before: str | None = None
    after: str | None = None
    expected: Mapping[type[Exception], str] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """A destination by the name of `--destination`; `database` is that of `--database`.

    Only DuckDB has a file. For all others `database` means nothing.
    """

    name: str
    database: Path

    errors: ClassVar[DriverErrors] = DriverErrors(
        {"another load writes": WAIT, "No space left|File too large": MAKE_ROOM}
    )
    # Whether work can be done before a package is committed, as `dlt_commit` does.
    stores_marts: ClassVar[bool] = False
    # what dlt calls the extra with the driver, where this package has it, too
    extra: ClassVar[str | None] = None

    # where it is

    @property
    def place(self) -> str:
        """Where the data is, in words."""
        return self.name.rpartition(".")[2]

    def exists(self) -> bool:
        """Whether there is something to open; asking makes nothing."""
        return True

    def try_folder(self) -> None:
        """Write where the file would be made. Raises OSError."""

    # what it may be called

    def stored_name(self, dataset: str) -> str:
        """The name under which a dataset is kept there.

        Raises `ImpossibleNameError`, and `UnsuitableDestinationError` where a day
        cannot be replaced: only delete-insert removes what is no longer there.
        """
        with destinations_only():
            target = self.destination()
            capabilities = target.capabilities()
        if "delete-insert" not in (capabilities.supported_merge_strategies or ()):
            name = target.destination_name
            raise UnsuitableDestinationError(NO_REPLACEMENT.format(name=name))
        return stored_name(dataset, capabilities)

    # how it is opened and held

    def destination(self) -> AnyDestination:
        """dlt's destination; its credentials come from dlt's configuration."""
        # no reference at all would be the only one to give none
        return cast("AnyDestination", Destination.from_reference(self.name))

    @contextmanager
    def opened(
        self,
        *,
        sole_writer: bool = False,
        read_only: bool = False,
        patience: Patience = IMPATIENT,
    ) -> Iterator[AnyDestination]:
        """The destination while it is in use.

        As `sole_writer` nobody else may write to its file meanwhile; a server's dataset
        is held by `Dialect.lock`.
        """
        yield self.destination()

    # how it is written

    def lay_out(self, source: DltSource, tables: Mapping[str, Table]) -> DltSource:
        """The source with hints on how its tables lie; dlt's own do for most."""
        return source

    def writing(
        self,
        pipeline: dlt.Pipeline,
        *,
        replaces: bool,
    ) -> AbstractContextManager[None]:
        """What is set before a package is written, and given back after.

        `replaces` tells that it replaces stored days, instead of only adding some.
        """
        return nullcontext()

    # a copy for readers

    def require_copy(self, target: Path, dataset: str) -> None:
        """Raise `ImpossibleNameError` where no copy can be put into `target`."""
        raise ImpossibleNameError(NO_FILE_THERE.format(destination=self.name))

    def copy(self, target: Path, patience: Patience) -> None:
        """Put a whole copy for readers in place. Raises `PublishError`."""
        raise NotImplementedError(self.name)


class Dialect:
    """How an engine says it in SQL. The default says only what every engine knows."""

    # Whether all views can be replaced in one transaction, as readers see it.
    replaces_views_at_once = False

    # Statements that come first in a transaction that fills a stored mart.
    before_storing: ClassVar[Sequence[str]] = ()

    def view(self, client: Client, path: str, query: str, view: Model) -> list[str]:
        """What creates a view or replaces it, with descriptions where there are any."""
        return [f"create or replace view {path} as\n{query}"]

    def describe_tables(self, client: Client, *, stores_marts: bool) -> None:
        """Write descriptions that dlt has not put into its own DDL."""

    def index_tables(self, client: Client, *, stores_marts: bool) -> None:
        """Create the indexes that are not there."""

    def no_views(self, client: Client, dataset: str) -> Iterable[tuple[str, str]]:
        """What has a name in a dataset and is no view: the name, and what it is."""
        return ()

    def dependants(
        self,
        client: Client,
        dataset: str,
        views: Sequence[str],
    ) -> Iterable[tuple[str, str]]:
        """What others have built on views: its name, and the view it reads."""
        return ()

    @contextmanager
    def reading(
        self, client: Client, query: str
    ) -> Iterator[Iterator[pa.Table | Sequence[Sequence[Any]]]]:
        """The rows of a query, `ROWS_AT_ONCE` at a time: as tuples, or as Arrow."""
        with client.execute_query(query) as cursor:
            yield cursor.iter_fetch(ROWS_AT_ONCE)

    def rows(
        self, client: Client, query: str, *values: object
    ) -> Sequence[Sequence[Any]]:
        """The few rows of a query over many, sparing this machine's memory."""
        return client.execute_sql(query, *values) or ()

    def by_code_points(self, key: str) -> str:
        """A text to sort by as UTF-8 sorts it, whatever its collation."""
        return key

    def lock(self, client: Client) -> None:
        """Keep other loads out while the connection lasts, where the server can tell.

        Raises `WarehouseInUseError` when another load has the dataset.
        """
