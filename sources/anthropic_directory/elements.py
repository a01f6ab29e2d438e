"""The lists of an organisation, and their elements as values of columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa

from anthropic_admin_api.client import ApiClient
from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.lists import Element, elements
from anthropic_admin_api.organization import organization
from anthropic_admin_api.strict_json import dumps, utc_moment
from whole_days.patience import Patience
from whole_days.privacy import NAMED, Privacy

from .contract import (
    API_KEYS,
    KINDS,
    MEMBERS,
    MOMENT,
    ORGANIZATIONS,
    STATUSES,
    USERS,
    WORKSPACES,
    Kind,
)
from .private import private_row

ROOT = "/v1/organizations"
PATH = f"{ROOT}/api_keys"

Key = tuple[str, ...]
Rows = Mapping[Key, Mapping[str, Any]]


@dataclass(frozen=True)
class Snapshot:
    """The organisation, and the rows of each table by their key."""

    organization_id: str
    rows: Mapping[str, Rows]

    @property
    def elements(self) -> int:
        """How many elements it has."""
        return sum(map(len, self.rows.values()))


async def whole_snapshot(
    client: ApiClient, patience: Patience, privacy: Privacy = NAMED
) -> Snapshot:
    """All lists, one after another. Raises `DayError` if one does not come whole."""
    me = await organization(client, patience)
    users = await elements(client, f"{ROOT}/users", patience)
    workspaces = await elements(
        client, f"{ROOT}/workspaces", patience, include_archived="true"
    )
    members: list[Element] = []
    for workspace in workspaces:
        if workspace.get("archived_at") is None:
            path = f"{ROOT}/workspaces/{workspace.get('id')}/members"
            members += await elements(client, path, patience)
    keys: list[Element] = []
    for status in STATUSES:
        keys += await elements(client, PATH, patience, status=status)
    lists = {
        ORGANIZATIONS.table.name: [me],
        USERS.table.name: users,
        WORKSPACES.table.name: workspaces,
        MEMBERS.table.name: members,
        API_KEYS.table.name: keys,
    }
    rows = {
        kind.table.name: _rows(kind, lists[kind.table.name], privacy) for kind in KINDS
    }
    return Snapshot(me["id"], rows)


def _rows(kind: Kind, found: Sequence[Element], privacy: Privacy) -> Rows:
    """The rows by key. Of two with the same key the later one is newer."""
    rows = (row_of(kind, element, privacy) for element in found)
    return {tuple(row[name] for name in kind.key): row for row in rows}


def row_of(kind: Kind, element: Element, privacy: Privacy = NAMED) -> dict[str, Any]:
    """The values of an element's columns. Raises `ContractError`."""
    types = {column.name: column.type for column in kind.table.columns}
    row = {
        name: _value(types[name], name, _at(element, path))
        for name, path in kind.fields.items()
    }
    for name in kind.key:
        if not row[name]:
            raise ContractError(f"an element of {kind.table.name} has no {name}")
    other = _beyond(kind, element)
    row["other_fields"] = dumps(other) if other else None
    return private_row(kind, row, privacy)


def _at(element: Element, path: str) -> Any:  # noqa: ANN401 - any JSON value
    name, _, inner = path.partition(".")
    value = element.get(name)
    if not inner or value is None:
        return value
    if not isinstance(value, dict):
        raise ContractError(f"{name} of an element is no object")
    return value.get(inner)


def _value(kind: pa.DataType, name: str, value: object) -> Any:  # noqa: ANN401
    if value is None:
        return None
    if kind == MOMENT:
        return _moment(name, value)
    if isinstance(value, dict | list):
        return dumps(value)
    if isinstance(value, str):
        return value
    raise ContractError(f"{name} of an element is no text")


def _moment(name: str, value: object) -> datetime:
    try:
        return utc_moment(value)
    except ValueError:
        raise ContractError(f"{name} of an element is no time") from None


def _beyond(kind: Kind, element: Element) -> dict[str, Any]:
    """The fields that no column has, without empty ones."""
    paths = set(kind.fields.values())
    nested = {path.partition(".")[0] for path in paths if "." in path}
    found: dict[str, Any] = {}
    for name, value in element.items():
        if name in nested and isinstance(value, dict):
            known = {path.partition(".")[2] for path in paths}
            rest = {key: one for key, one in value.items() if key not in known}
            found |= {name: rest} if rest else {}
        elif name not in paths | nested | kind.unused and value is not None:
            found[name] = value
    return found
