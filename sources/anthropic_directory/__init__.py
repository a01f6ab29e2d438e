"""Who and what is in an organisation: users, workspaces, members and API keys.

The API tells how they are now. So each load takes a snapshot, whole or not at all, and
stores what has changed since the last one. Nothing is ever deleted: who has left, and a
key that is archived, can still be found for the days of their use. Nobody has called
these lists with a live key.
"""

from .contract import KINDS, TABLES
from .elements import PATH
from .errors import SnapshotError
from .private import NAMES, remade_rows
from .snapshot import Taken, take
from .store import SCHEMA

__all__ = [
    "KINDS",
    "NAMES",
    "PATH",
    "SCHEMA",
    "TABLES",
    "SnapshotError",
    "Taken",
    "remade_rows",
    "take",
]
