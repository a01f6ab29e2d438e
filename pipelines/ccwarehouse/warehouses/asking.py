"""Queries on the views whose answers are a few rows, the same in every warehouse."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from .engines import dialect_of
from .other import Client


class Ask(Protocol):
    """Asks: in the query `{view}` is a view's path, and `{word}` what is given."""

    def __call__(
        self, query: str, *values: object, **words: str
    ) -> Sequence[Sequence[Any]]:
        """The rows. Raises dlt's errors."""


def asking(client: Client) -> Ask:
    """Ask on a connection, sparing this machine's memory."""
    dialect = dialect_of(client)

    def ask(query: str, *values: object, **words: str) -> Sequence[Sequence[Any]]:
        names = _Names(client.make_qualified_table_name)
        names.update(words)
        return dialect.rows(client, query.format_map(names), *values)

    return ask


class _Names(dict[str, str]):
    """The path of each view by its name."""

    def __init__(self, path: Callable[[str], str]) -> None:
        super().__init__()
        self._path = path

    def __missing__(self, name: str) -> str:
        return self._path(name)
