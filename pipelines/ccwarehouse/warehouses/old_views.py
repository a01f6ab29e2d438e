"""Views of other versions, which no model has any more.

A dataset notes the names of its views, as a fact, before they are made. So a view that
is ours can be told from one that somebody else made in the same dataset.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from claude_code_marts import view_files

from .engines import dialect_of
from .facts import read_facts, write_fact
from .names import marts_name
from .other import Client

NAMES_FACT: Final = "view_names"


def noted_views(client: Client) -> list[str]:
    """The names of our views, each after those that it reads."""
    return read_facts(client).get(NAMES_FACT, "").split()


def note_views(client: Client, names: Sequence[str]) -> None:
    """Note these names alone."""
    if names != noted_views(client):
        write_fact(client, NAMES_FACT, " ".join(names))


def old_views(client: Client, noted: Iterable[str]) -> list[str]:
    """Those of the noted views that are there and that this version does not have."""
    current = {view.name for view in view_files(further=True)}
    old = [name for name in noted if name not in current]
    if not old:
        return []
    there = {*dialect_of(client).views(client, marts_name(client.dataset_name))}
    return [name for name in old if name in there]
