"""Owners and teams, derived from the stored directory and stored like input files.

The queries read raw tables, because a load has not built its views yet.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any, Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_marts import Model, render_flat
from whole_days.privacy import folded

from ..inputs import (
    Belonging,
    InputFile,
    InputFileError,
    KeyName,
    KeyTeam,
    Owner,
    Roster,
    TagTeams,
    TeamsTag,
    owners_file,
    team_of,
    teams_of_tag,
    with_teams,
)
from ..reports import DIRECTORY, USED_KEYS
from .absent import loaded_schemas
from .other import Client
from .statements import is_there

AS_STORED: Final = (
    "So it was when the directory was last loaded. A load asks for the tags anew."
)

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

NAMES: Final = Model(
    "derived/names_of_keys.sql",
    f"select account, organization_id, actor from ({USED_KEYS}) as used"
    " where actor is not null",
)

# What an account has of an organisation that it has left is kept for its days.
IN_FORCE: Final = """
    select taken.account, taken.organization_id

    from (
        select
            snapshots.account,
            snapshots.organization_id,
            row_number() over (
                partition by snapshots.account
                order by snapshots.snapshot_number desc
            ) as recency

        from claude_code.snapshots as snapshots
        inner join claude_code._dlt_loads as loads
            on snapshots._dlt_load_id = loads.load_id
        where loads.status = 0
    ) as taken
    where taken.recency = 1
"""

TAGS: Final = Model(
    "derived/tags.sql",
    f"""
    select workspaces.tags

    from stg_workspaces as workspaces
    inner join ({IN_FORCE}) as in_force
        on workspaces.account = in_force.account
        and workspaces.organization_id is not distinct from in_force.organization_id
    """,
)

# All emails of a member count for all days: the usage may have a new one before a
# snapshot does. An email that several users had is each one's on its own days.
PEOPLE: Final = Model(
    "derived/people_of_workspaces.sql",
    f"""
    with

    shared as (

        select account, organization_id, email

        from stg_users
        group by account, organization_id, email
        having count(distinct user_id) > 1

    ),

    emails as (

        select distinct
            users.account,
            users.organization_id,
            users.user_id,
            users.email,
            case
                when shared.email is null then date '0001-01-01' else users.first_date
            end as first_date,
            case
                when shared.email is null then date '9999-12-31' else users.last_date
            end as last_date

        from stg_users as users
        left join shared
            on users.account = shared.account
            and users.organization_id is not distinct from shared.organization_id
            and users.email = shared.email

    )

    select
        emails.email,
        workspaces.tags,
        case
            when emails.first_date > members.first_date then emails.first_date
            else members.first_date
        end as first_date,
        case
            when emails.last_date < members.last_date then emails.last_date
            else members.last_date
        end as last_date

    from stg_workspace_members as members
    inner join ({IN_FORCE}) as in_force
        on members.account = in_force.account
        and members.organization_id is not distinct from in_force.organization_id
    inner join stg_workspaces as workspaces
        on members.account = workspaces.account
        and members.organization_id is not distinct from workspaces.organization_id
        and members.workspace_id = workspaces.workspace_id
    inner join emails
        on members.account = emails.account
        and members.organization_id is not distinct from emails.organization_id
        and members.user_id = emails.user_id
        and members.first_date <= emails.last_date
        and members.last_date >= emails.first_date
    where
        members.first_date <= members.last_date
        and emails.first_date <= emails.last_date
    """,
)

# The default workspace is in no list, and has no tags.
KEYS: Final = Model(
    "derived/keys_of_workspaces.sql",
    f"""
    select
        api_keys.account,
        api_keys.organization_id,
        api_keys.key_name,
        workspaces.tags,
        api_keys.first_date,
        api_keys.last_date

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

STORED: Final = Model(
    "derived/stored_teams_of_keys.sql",
    """
    select account, organization_id, actor, team, valid_from, valid_to
    from stg_actor_owners
    where team is not null
    """,
)

ROSTER: Final = Model(
    "derived/roster.sql",
    """
    select
        team,
        case when is_person then actor end as actor,
        valid_from,
        valid_to

    from stg_team_members

    union all

    select team, cast(null as varchar) as actor, valid_from, valid_to
    from stg_actor_owners
    where team <> ''
    """,
)


def owners_of_keys(
    client: Client, tagged: TagTeams | None, *, are_of_file: bool
) -> InputFile | None:
    """The owners of the keys that the usage names; None before the first snapshot.

    Teams of keys are those of tags. If these are not known and `are_of_file` is false,
    the teams in force stay.
    """
    if DIRECTORY not in loaded_schemas(client):
        return None
    owners = [Owner(*row) for row in _ask(client, OWNERS)]
    teams = tagged.keys if tagged else None
    if tagged is None and not are_of_file:
        teams = _stored_teams(client)
    if teams is None:
        return owners_file(owners)
    names = [KeyName(*row) for row in _ask(client, NAMES)]
    return owners_file(with_teams(owners, names, teams))


def _stored_teams(client: Client) -> list[KeyTeam] | None:
    """The teams of keys in force; None if these are not of tags."""
    found = [
        KeyTeam(KeyName(account, organization_id, name), *days)
        for account, organization_id, name, *days in _ask_inputs(client, STORED)
    ]
    return found or None


def teams_of_workspaces(client: Client, tag: TeamsTag, today: date) -> TagTeams | None:
    """The teams of a tag, and who is in them; None before the first snapshot.

    Raises `InputFileError` if no workspace has the tag, or all have it without a value.
    """
    if DIRECTORY not in loaded_schemas(client):
        return None
    known = {
        key
        for (tags,) in _ask(client, TAGS)
        for key, value in _tags(tags).items()
        if team_of(value)
    }
    people = [
        Belonging(folded(email), team, first, last)
        for email, tags, first, last in _ask(client, PEOPLE)
        if (team := team_of(_tags(tags).get(tag.key)))
    ]
    # keys without a team count too, as another key may have the name
    keys = [
        Belonging(KeyName(*name), team_of(_tags(tags).get(tag.key)), first, last)
        for *name, tags, first, last in _ask(client, KEYS)
    ]
    return teams_of_tag(tag, known, people, keys, today)


def stored_teams_of_workspaces(
    client: Client, tag: TeamsTag, today: date
) -> TagTeams | None:
    """The same without a load: the tags may be others by now, or not loaded at all."""
    if not is_there(client, "_dlt_loads"):
        return None
    try:
        return teams_of_workspaces(client, tag, today)
    except InputFileError as error:
        faults = [
            replace(fault, text=f"{fault.text} {AS_STORED}") for fault in error.faults
        ]
        raise InputFileError(error.file, faults) from None


def roster(client: Client, today: date) -> Roster:
    """The teams in force, and how many people are in them today."""
    found = _ask_inputs(client, ROSTER)
    members = {
        actor
        for _, actor, first, last in found
        if actor and (first or date.min) <= today <= (last or date.max)
    }
    return Roster(frozenset(team for team, *_ in found), len(members))


def _tags(text: str | None) -> dict[str, Any]:
    tags = json.loads(text) if text else {}
    return tags if isinstance(tags, dict) else {}


def _ask(client: Client, query: Model) -> Sequence[Sequence[Any]]:
    dialect = str(client.capabilities.sqlglot_dialect)
    raw = client.fully_qualified_dataset_name()
    return client.execute_sql(render_flat(query, dialect, raw=raw)) or ()


def _ask_inputs(client: Client, query: Model) -> Sequence[Sequence[Any]]:
    """The same of tables that the first load has not made yet."""
    try:
        return _ask(client, query)
    except DatabaseUndefinedRelation:
        return ()
