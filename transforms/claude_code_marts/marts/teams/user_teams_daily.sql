-- One row per account, organization_id, date, actor_type and actor: the team that day.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- team: Team of the actor that day, else of the owner; (no team) if neither has one.
-- owner: Email of the person: the actor's own, or that of the key's one owner; else null.
with

costs as (

    select * from user_cost_daily

),

acceptances as (

    select * from user_tool_acceptance_daily

),

owners as (

    select * from stg_actor_owners

),

-- With open ends as days: DuckDB hashes a join by comparisons, but not by `or`.
members as (

    select
        actor,
        team,
        coalesce(valid_from, date '0001-01-01') as first_date,
        coalesce(valid_to, date '9999-12-31') as last_date

    from stg_team_members

),

-- Costs include every record. Proposals whose record is missing count as actor
-- 'unknown', who may have no cost that day.
active as (

    select account, organization_id, date, actor_type, actor from costs

    union distinct

    select account, organization_id, date, actor_type, actor from acceptances
    where actor = 'unknown'

),

-- Actors of teams are folded. Here emails are folded too, but names of keys are not.
folded as (

    select
        *,
        -- translate() is slow: only names that lower() would change are folded
        case
            when lower(actor) = actor then actor  -- noqa: CV09
            else translate(
                actor, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
            )
        end as member

    from active

),

-- An actor has at most one owner and one team on a day, so no join multiplies rows.
assigned as (

    select
        folded.account,
        folded.organization_id,
        folded.date,
        folded.actor_type,
        folded.actor,
        -- tags give keys teams of their own: a name may be somebody's email
        coalesce(
            nullif(owners.team, ''),
            case when owners.team is null then members.team end,
            teams_of_owners.team,
            '(no team)'
        ) as team,
        case
            when folded.actor_type = 'api_actor' then owners.owner
            when folded.actor_type = 'user_actor' and folded.actor <> 'unknown'
                then folded.actor
        end as owner

    from folded
    left join members
        on folded.member = members.actor
        and folded.date >= members.first_date
        and folded.date <= members.last_date
    left join owners
        on folded.account = owners.account
        and folded.organization_id is not distinct from owners.organization_id
        and folded.actor = owners.actor
        and folded.actor_type = 'api_actor'
        and folded.date >= owners.valid_from
        and folded.date <= owners.valid_to
    left join members as teams_of_owners
        on owners.owner = teams_of_owners.actor
        and folded.date >= teams_of_owners.first_date
        and folded.date <= teams_of_owners.last_date

)

select * from assigned
