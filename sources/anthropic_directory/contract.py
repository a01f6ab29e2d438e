"""The tables of an organisation. A row is a version of an element.

A version is in force from the snapshot that first showed it until the next version of
the same element. The last version of an element that is gone says so.

Source: https://platform.claude.com/docs/en/api/admin-api (organizations, users,
workspaces, workspace members, API keys)
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pyarrow as pa

from whole_days.ledger_tables import ACCOUNT
from whole_days.table import Column, Table

MOMENT: Final = pa.timestamp("us", "UTC")

ORGANIZATION_ID: Final = Column(
    "organization_id", pa.string(), "UUID of the organisation that the key belongs to."
)
TAKEN: Final = (
    Column(
        "snapshot_number",
        pa.int64(),
        "Number of the snapshot, from 1 in each account.",
    ),
    Column("seen_at", MOMENT, "When that snapshot began (UTC)."),
)

# The order of a key's life: one that changes its status meanwhile is not missed.
STATUSES: Final = ("active", "inactive", "expired", "archived")


@dataclass(frozen=True)
class Kind:
    """A kind of element: its table, its key, and where each column's value stands.

    `fields` are paths in the element, by column. `unused` are fields that are left out
    on purpose. All others are kept in `other_fields`.
    """

    table: Table
    key: tuple[str, ...]
    fields: Mapping[str, str]
    unused: frozenset[str] = frozenset({"type"})


def _versions(name: str, of: str, columns: Sequence[Column]) -> Table:
    return Table(
        name,
        f"One row per version of {of}. Rows are only appended. A row counts if its "
        "load is in _dlt_loads.",
        [
            ACCOUNT,
            ORGANIZATION_ID,
            *columns,
            Column(
                "other_fields",
                pa.string(),
                "JSON object as text: the further fields of the element; null when "
                "there are none.",
            ),
            Column(
                "is_removed",
                pa.bool_(),
                "True when the snapshot no longer had the element; all but its key is "
                "null then.",
            ),
            Column(
                "content_hash",
                pa.string(),
                "Hash of the element's content; null when it is removed.",
            ),
            *TAKEN,
        ],
    )


def _kind(
    table: Table, key: Iterable[str], unused: Iterable[str] = (), **fields: str
) -> Kind:
    return Kind(table, tuple(key), fields, frozenset({"type", *unused}))


def _text(name: str, meaning: str) -> Column:
    return Column(name, pa.string(), meaning)


def _moment(name: str, meaning: str) -> Column:
    return Column(name, MOMENT, f"{meaning} (UTC).")


ORGANIZATIONS: Final = _kind(
    _versions(
        "organizations",
        "an account's organisation",
        [_text("name", "Name of the organisation.")],
    ),
    ["organization_id"],
    organization_id="id",
    name="name",
)
USERS: Final = _kind(
    _versions(
        "users",
        "a member of the organisation",
        [
            _text("user_id", "Id of the user, as in user_01..."),
            _text("email", "Email, as the API wrote it."),
            _text("name", "Name of the person."),
            _text("role", "Role in the organisation, as in claude_code_user."),
            _moment("added_at", "When the user joined the organisation"),
        ],
    ),
    ["user_id"],
    user_id="id",
    email="email",
    name="name",
    role="role",
    added_at="added_at",
)
WORKSPACES: Final = _kind(
    _versions(
        "workspaces",
        "a workspace, without the default one, which no list has",
        [
            _text("workspace_id", "Id of the workspace, as in wrkspc_01..."),
            _text("name", "Name; Claude Code for that of its sign-ins."),
            _text("tags", "JSON object as text: the tags, as in team and env."),
            _moment("created_at", "When it was created"),
            _moment("archived_at", "When it was archived; null while it is in use"),
        ],
    ),
    ["workspace_id"],
    workspace_id="id",
    name="name",
    tags="tags",
    created_at="created_at",
    archived_at="archived_at",
)
MEMBERS: Final = _kind(
    _versions(
        "workspace_members",
        "a user's membership in a workspace that is not archived",
        [
            _text("workspace_id", "Id of the workspace."),
            _text("user_id", "Id of the user."),
            _text("workspace_role", "Role in the workspace."),
        ],
    ),
    ["workspace_id", "user_id"],
    workspace_id="workspace_id",
    user_id="user_id",
    workspace_role="workspace_role",
)
API_KEYS: Final = _kind(
    _versions(
        "api_keys",
        "an API key, without the key itself",
        [
            _text("api_key_id", "Id of the key, as in apikey_01..."),
            _text("name", "Name; several keys may have the same one."),
            _text("status", "active, inactive, expired or archived."),
            _text("workspace_id", "Its workspace; null for the default workspace."),
            _text("created_by_id", "Who created it; null when that is not known."),
            _text("created_by_type", "Kind of who created it, as in user."),
            _text("principal_id", "Whom the key acts as; null when nobody is named."),
            _text("principal_type", "user or service_account."),
            _moment("created_at", "When it was created"),
            _moment("expires_at", "When it expires; null if it does not"),
        ],
    ),
    ["api_key_id"],
    ["partial_key_hint"],  # a part of the secret, which no question needs
    api_key_id="id",
    name="name",
    status="status",
    workspace_id="workspace_id",
    created_by_id="created_by.id",
    created_by_type="created_by.type",
    principal_id="principal.id",
    principal_type="principal.type",
    created_at="created_at",
    expires_at="expires_at",
)

KINDS: Final = (ORGANIZATIONS, USERS, WORKSPACES, MEMBERS, API_KEYS)

SNAPSHOTS: Final = Table(
    "snapshots",
    "One row per snapshot of an account's organisation. Rows are only appended. A row "
    "counts if its load is in _dlt_loads.",
    [
        ACCOUNT,
        ORGANIZATION_ID,
        *TAKEN,
        Column("elements", pa.int64(), "Users, workspaces, ... in it (count)."),
        Column(
            "changes", pa.int64(), "Versions that it stored, removals included (count)."
        ),
    ],
)

TABLES: Final = {
    table.name: table for table in (*(kind.table for kind in KINDS), SNAPSHOTS)
}
