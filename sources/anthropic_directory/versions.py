"""What a snapshot changes. Pure: calls neither the API nor a warehouse."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .contract import KINDS, SNAPSHOTS, Kind
from .elements import Key, Rows, Snapshot

# The hash of each element's last version, by table, and by organisation and key; None
# for a removed one. Another organisation may have elements of the same ids.
Hashes = Mapping[str, Mapping[Key, str | None]]


@dataclass(frozen=True)
class Known:
    """What the warehouse holds of an account's organisation.

    `number` is that of the last snapshot, 0 before the first one.
    """

    number: int = 0
    organization_id: str | None = None
    hashes: Hashes = field(default_factory=dict)


def changes(
    snapshot: Snapshot, known: Known, account: str, seen_at: datetime
) -> dict[str, list[dict[str, Any]]]:
    """The rows to append to each table.

    All elements of an organisation that the account has left are removed.
    """
    taken = {
        "account": account,
        "organization_id": snapshot.organization_id,
        "snapshot_number": known.number + 1,
        "seen_at": seen_at,
    }
    rows = {
        kind.table.name: [
            taken | row
            for row in _changed(
                kind,
                {
                    (snapshot.organization_id, *key): row
                    for key, row in snapshot.rows[kind.table.name].items()
                },
                known.hashes.get(kind.table.name, {}),
            )
        ]
        for kind in KINDS
    }
    counts = {
        "elements": snapshot.elements,
        "changes": sum(map(len, rows.values())),
    }
    return rows | {SNAPSHOTS.name: [taken | counts]}


def _changed(
    kind: Kind, rows: Rows, before: Mapping[Key, str | None]
) -> Iterator[dict[str, Any]]:
    for key, row in rows.items():
        if before.get(key) != row["content_hash"]:
            yield {**row, "is_removed": False}
    columns = ("organization_id", *kind.key)
    for key, content_hash in before.items():
        if content_hash is not None and key not in rows:
            yield {**dict(zip(columns, key, strict=True)), "is_removed": True}
