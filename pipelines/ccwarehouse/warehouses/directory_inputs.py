"""Owners and teams, derived from the stored directory and stored like input files.

The queries read raw tables, because a load has not built its views yet.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

from claude_code_marts import Model, render_flat
from whole_days.privacy import folded

from ..inputs import (
    Belonging,
    InputFile,
    Owner,
    TagTeams,
    TeamsTag,
    owners_file,
    team_of,
    teams_of_tag,
)
from ..reports import DIRECTORY, USED_KEYS
from .absent import loaded_schemas
from .other import Client

# An organisation has many keys of which no usage tells: those that Claude Code has made
# for whoever signs in, and all that other programs use. Hence `USED_KEYS`.
OWNERS: Final = Model(
    "derived/owners.sql",
    f"""
    select
        owners.account,
        owners.organization_id,
        owners.actor,
        owners.valid_from,
        owners.valid_to,
        owners.resolution,
        owners.owner

    from key_owners as owners
    inner join ({USED_KEYS}) as used
        on owners.account = used.account
        and owners.organization_id is not distinct from used.organization_id
        and owners.actor = used.actor
    """,
)

TAGS: Final = Model("derived/tags.sql", "select tags from stg_workspaces")

PEOPLE: Final = Model(
    "derived/people_of_workspaces.sql",
    """
    select users.email, workspaces.tags, members.first_date, members.last_date

    from stg_workspace_members as members
    inner join stg_workspaces as workspaces
        on members.account = workspaces.account
        and members.organization_id is not distinct from workspaces.organization_id
        and members.workspace_id = workspaces.workspace_id
    inner join stg_users as users
        on members.account = users.account
        and members.organization_id is not distinct from users.organization_id
        and members.user_id = users.user_id
    where members.first_date <= members.last_date and users.email is not null
    """,
)

# The default workspace is in no list, and has no tags.
KEYS: Final = Model(
    "derived/keys_of_workspaces.sql",
    f"""
    select api_keys.key_name, workspaces.tags, api_keys.first_date, api_keys.last_date

    from stg_api_keys as api_keys
    inner join ({USED_KEYS}) as used
        on api_keys.account = used.account
        and api_keys.organization_id is not distinct from used.organization_id
        and api_keys.key_name = used.actor
    left join stg_workspaces as workspaces
        on api_keys.account = workspaces.account
        and api_keys.organization_id is not distinct from workspaces.organization_id
        and api_keys.workspace_id = workspaces.workspace_id
    where api_keys.first_date <= api_keys.last_date
    """,
)


def owners_of_keys(client: Client) -> InputFile | None:
    """The owners of the keys that the usage names; None before the first snapshot."""
    if DIRECTORY not in loaded_schemas(client):
        return None
    return owners_file(Owner(*row) for row in _ask(client, OWNERS))


def teams_of_workspaces(client: Client, tag: TeamsTag, today: date) -> TagTeams | None:
    """The teams of a tag, and who is in them; None before the first snapshot.

    Raises `InputFileError` if no workspace has the tag.
    """
    if DIRECTORY not in loaded_schemas(client):
        return None
    known = {key for (tags,) in _ask(client, TAGS) for key in _tags(tags)}
    found = [*_belongings(client, PEOPLE, tag), *_belongings(client, KEYS, tag)]
    return teams_of_tag(tag, known, found, today)


def _belongings(client: Client, query: Model, tag: TeamsTag) -> Iterator[Belonging]:
    """People with a team, and all keys: several keys may share a name."""
    for name, tags, first, last in _ask(client, query):
        team = team_of(_tags(tags).get(tag.key))
        if team or query is KEYS:
            yield Belonging(folded(name), team, first, last)


def _tags(text: str | None) -> dict[str, Any]:
    tags = json.loads(text) if text else {}
    return tags if isinstance(tags, dict) else {}


def _ask(client: Client, query: Model) -> Sequence[Sequence[Any]]:
    dialect = str(client.capabilities.sqlglot_dialect)
    raw = client.fully_qualified_dataset_name()
    return client.execute_sql(render_flat(query, dialect, raw=raw)) or ()
