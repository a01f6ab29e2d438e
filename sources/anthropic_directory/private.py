"""Elements without the names that are not to be stored: of users and of API keys."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, Final

from anthropic_admin_api.sightings import without_values
from anthropic_admin_api.strict_json import dumps
from whole_days.privacy import Privacy

from .contract import API_KEYS, KINDS, USERS, Kind

# The column with the name by which a person or a key is known in the usage, by table;
# None where only fields beyond the contract may tell of one.
NAMES: Final[Mapping[str, str | None]] = {
    **{kind.table.name: None for kind in KINDS},
    USERS.table.name: "email",
    API_KEYS.table.name: "name",
}
OTHER: Final = "other_fields"
KIND_OF: Final = {kind.table.name: kind for kind in KINDS}


def private_row(kind: Kind, row: Mapping[str, Any], privacy: Privacy) -> dict[str, Any]:
    """An element's values as they are to be stored, with their hash.

    A forgotten one keeps its id, role and times. With pseudonyms the name of a person
    is left out, as it is no name that other tables have.
    """
    values = {name: row[name] for name in (*kind.fields, OTHER)}
    column = NAMES[kind.table.name]
    name = values[column] if column else None
    if column and name and privacy.fate(name) is not None:
        values |= dict.fromkeys((column, "name", OTHER))
    elif privacy.secret:
        if column and name:
            values[column] = privacy.stored_name(name)
        if kind is USERS:
            values["name"] = None
        values[OTHER] = _named(values[OTHER])
    return values | {"content_hash": content_hash(values)}


def remade_rows(
    table: str, rows: list[dict[str, Any]], privacy: Privacy
) -> list[dict[str, Any]]:
    """Stored versions as a snapshot would store them; removed ones stay."""
    stored = privacy.of_stored()
    return [
        row if row["is_removed"] else row | private_row(KIND_OF[table], row, stored)
        for row in rows
    ]


def content_hash(values: Mapping[str, Any]) -> str:
    """The hash of an element's values."""
    told = {name: str(value) for name, value in values.items() if value is not None}
    return hashlib.sha256(dumps(told).encode()).hexdigest()


def _named(other: str | None) -> str | None:
    """The further fields without their values, which may tell of a person."""
    if other is None:
        return None
    return dumps(without_values(json.loads(other)))
