"""What several modules say to a warehouse, whichever it is."""

from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from typing import Any, TypeVar

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from .other import Client

T = TypeVar("T")


def are_there(client: Client, tables: Iterable[str]) -> bool:
    """Whether the dataset has all of these tables, by one question."""
    paths = map(client.make_qualified_table_name, tables)
    queries = (f"select 1 from {path} where 1 = 0" for path in paths)
    try:
        client.execute_sql(" union all ".join(queries))
    except DatabaseUndefinedRelation:
        return False
    return True


def is_there(client: Client, table: str) -> bool:
    """Whether the dataset has the table."""
    return are_there(client, [table])


def make_dataset(client: Client) -> None:
    """Create the client's dataset, if it is missing."""
    if not client.has_dataset():
        client.create_dataset()


def transaction_of_ddl(client: Client) -> AbstractContextManager[Any]:
    """A transaction where the warehouse has one, also for DDL, else nothing.

    dlt's `supports_transactions` is not set for DuckDB and Postgres.
    """
    has_some = client.capabilities.supports_ddl_transactions
    return client.begin_transaction() if has_some else nullcontext()


def literals(client: Client, values: Iterable[str]) -> str:
    """Texts in SQL, with commas between them."""
    return ", ".join(map(client.capabilities.escape_literal, values))


def batched(values: Iterable[T], size: int) -> Iterator[list[T]]:
    """Lists of at most so many values, as a statement can name."""
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
