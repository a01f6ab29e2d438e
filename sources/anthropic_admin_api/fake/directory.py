"""Who and what is in the made-up organisation: users, workspaces, members and keys.

A contractor who has left is no longer among the users, and the key is archived. Both
keys named ci-review are of one person, and two people have a key named
nightly-refactor. The key docs-bot acts as a service account, and nobody is known to
have created legacy-etl. Goran is in the workspaces of two teams.
"""

import datetime as dt
import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from .organisation import ORGANIZATION_ID
from .people import (
    ADOPTED,
    MEMBERS,
    TEAMS,
    TURN,
    Member,
    contractor,
)

Element = dict[str, Any]

ORGANIZATION = {
    "id": ORGANIZATION_ID,
    "name": "Example Software",
    "type": "organization",
}

# The default workspace has no id here, and is in no list.
CLAUDE_CODE = "wrkspc_01ClaudeCode"
CI = "wrkspc_01Automation"
PRODUCT = "wrkspc_01Product"
SANDBOX = "wrkspc_01Sandbox"
DOCS_BOT = "svac_01DocsBot"

ADMIN = "hanna.vogel"


def user_id(name: str) -> str:
    """The id of a person, from the name before the @."""
    return "user_01" + _digest(name)


def own_key_id(name: str) -> str:
    """The id of the key that Claude Code has made for a person who signed in."""
    return "apikey_01" + _digest(f"own key of {name}")


def key_of(actor: dict[str, str]) -> tuple[str, str | None]:
    """The key that an actor's usage is billed to, and its workspace."""
    if name := actor.get("api_key_name"):
        key = next(key for key in _ORDINARY if key["name"] == name)
        return key["id"], key["workspace_id"]
    return own_key_id(actor["email_address"].partition("@")[0]), CLAUDE_CODE


@lru_cache(maxsize=10_000)
def actor_of(key_id: str, today: dt.date) -> Element:
    """Whose the use of a key is: a person's, a service account's, or the key's own."""
    for member in _people(today):
        if key_id == own_key_id(member.name):
            return {
                "type": "user_actor",
                "user_id": user_id(member.name),
                "email_address": member.actor["email_address"],
                "name": member.name.replace(".", " ").title(),
                "deleted": member.left <= today,
            }
    if key_id == "apikey_01DocsBot":
        return {"type": "service_account_actor", "service_account_id": DOCS_BOT}
    return {"type": "api_actor", "api_key_id": key_id}


def users(today: dt.date) -> list[Element]:
    """The people who are members today."""
    return [
        {
            "id": user_id(member.name),
            "added_at": _at(member.joined),
            "email": member.actor["email_address"],
            "name": member.name.replace(".", " ").title(),
            "role": "admin" if member.name == ADMIN else "claude_code_user",
            "type": "user",
        }
        for member in _people(today)
        if member.joined <= today < member.left
    ]


def workspaces(_today: dt.date) -> list[Element]:
    """The workspaces; Sandbox is archived."""
    return [
        _workspace(CLAUDE_CODE, "Claude Code", {}),
        _workspace(CI, "Automation", {"team": "Platform", "env": "ci"}),
        _workspace(PRODUCT, "Product", {"team": "Backend", "env": "prod"}),
        _workspace(SANDBOX, "Sandbox", {}, archived_at=_at(dt.date(2026, 3, 2))),
    ]


def members(workspace_id: str, today: dt.date) -> list[Element]:
    """Who is in a workspace: in Claude Code everybody, elsewhere mostly a team."""
    everybody = [member.name for member in _people(today) if member.left > today]
    backend = [*TEAMS["Backend"][1].split(), "goran.ilic"]
    platform = TEAMS["Platform"][1].split()
    names = {CLAUDE_CODE: everybody, PRODUCT: backend}.get(workspace_id, platform)
    there = {user["id"] for user in users(today)}
    return [
        {
            "type": "workspace_member",
            "user_id": user_id(name),
            "workspace_id": workspace_id,
            "workspace_role": "workspace_developer",
        }
        for name in names
        if user_id(name) in there
    ]


def api_keys(today: dt.date) -> list[Element]:
    """Every key there ever was, with its status of today."""
    own = [
        _own_key(member, today)
        for member in _people(today)
        if member.joined <= today and member.customer_type == "api"
    ]
    return [*_ORDINARY, *own]


def _people(today: dt.date) -> Iterator[Member]:
    """Those of the teams, and every contractor up to today."""
    yield from (member for member in MEMBERS if "email_address" in member.actor)
    for number in range((today - ADOPTED).days // TURN + 1):
        yield contractor(number)


def _own_key(member: Member, today: dt.date) -> Element:
    has_left = member.left <= today
    return _key(
        own_key_id(member.name),
        f"claude_code_key_{member.name}_{_digest(member.name)[:4]}",
        member.name,
        CLAUDE_CODE,
        created=member.joined,
        status="archived" if has_left else "active",
    )


def _key(
    key_id: str,
    name: str,
    creator: str | None,
    workspace_id: str | None,
    *,
    created: dt.date = ADOPTED,
    status: str = "active",
    expires_at: str | None = None,
    principal: Element | None = None,
) -> Element:
    person = {"id": user_id(creator), "type": "user"} if creator else None
    return {
        "id": key_id,
        "created_at": _at(created),
        "created_by": person,
        "expires_at": expires_at,
        "name": name,
        "partial_key_hint": f"sk-ant-api03-{key_id[-3:]}...gAA",
        "principal": principal or person,
        "status": status,
        "type": "api_key",
        "workspace_id": workspace_id,
    }


def _workspace(
    workspace_id: str,
    name: str,
    tags: dict[str, str],
    archived_at: str | None = None,
) -> Element:
    return {
        "id": workspace_id,
        "archived_at": archived_at,
        "compartment_id": None,
        "created_at": _at(ADOPTED),
        "data_residency": {
            "allowed_inference_geos": "unrestricted",
            "default_inference_geo": "global",
            "workspace_geo": "us",
        },
        "display_color": "#6C5BB9",
        "external_key_id": None,
        "name": name,
        "tags": tags,
        "type": "workspace",
    }


def _at(day: dt.date) -> str:
    return f"{day}T09:30:00.000000Z"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


_SERVICE = {"id": DOCS_BOT, "type": "service_account"}
_LONG_AGO = dt.date(2025, 6, 2)
_ORDINARY: Sequence[Element] = (
    _key("apikey_01CiReview", "ci-review", "carl.jensen", CI),
    _key("apikey_01Nightly", "nightly-refactor", "goran.ilic", None),
    _key("apikey_02Nightly", "nightly-refactor", "ada.brandt", None),
    _key("apikey_01DocsBot", "docs-bot", ADMIN, CI, principal=_SERVICE),
    _key("apikey_01Backend", "product-backend", "chen.wei", PRODUCT),
    _key("apikey_01Legacy", "legacy-etl", None, None, created=_LONG_AGO),
    _key("apikey_01Old", "ci-review", "carl.jensen", CI, status="archived"),
    _key("apikey_01Paused", "load-test", "freya.holm", SANDBOX, status="inactive"),
    _key(
        "apikey_01Trial",
        "trial",
        ADMIN,
        None,
        created=_LONG_AGO,
        status="expired",
        expires_at=_at(dt.date(2025, 9, 1)),
    ),
)
