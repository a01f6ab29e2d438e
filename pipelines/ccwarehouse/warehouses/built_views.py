"""Whether a dataset has the views of this version, so that a load need not build them.

Building the 58 views takes 0.35 s of a night of `make bench` in DuckDB, and a statement
each on a server. A dataset notes what its views were built from, as a fact, once all
are built.
"""

import hashlib
from collections.abc import Collection
from importlib.metadata import version
from typing import Final

from claude_code_marts import Model, view_files

from .absent import has_further, loaded_schemas
from .engines import dialect_of
from .facts import forget_fact, read_facts, write_fact
from .names import marts_name
from .other import Client
from .shape import own_version

VIEWS_FACT: Final = "views"


def are_current(client: Client, *, stores_marts: bool) -> bool:
    """Whether all views are there, as `build` would make them."""
    built_from = read_facts(client).get(VIEWS_FACT)
    if built_from is None:
        return False
    loaded = loaded_schemas(client)
    files = view_files(further=has_further(loaded))
    if built_from != _source(files, loaded, stores_marts=stores_marts):
        return False
    there = dialect_of(client).views(client, marts_name(client.dataset_name))
    return {file.name for file in files} <= {*there}


def note_none(client: Client) -> None:
    """Before the views are built: from now on nobody knows what is there."""
    forget_fact(client, VIEWS_FACT)


def note_all(client: Client, loaded: Collection[str], *, stores_marts: bool) -> None:
    """After all views are built and described. `loaded` as for `build`."""
    files = view_files(further=has_further(loaded))
    source = _source(files, loaded, stores_marts=stores_marts)
    write_fact(client, VIEWS_FACT, source)


def _source(
    files: Collection[Model], loaded: Collection[str], *, stores_marts: bool
) -> str:
    """A digest of all that the views are made from."""
    told = [
        own_version(),
        version("sqlglot"),
        str(stores_marts),
        *sorted(loaded),
        *(text for file in files for text in (file.path, file.sql)),
    ]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()
