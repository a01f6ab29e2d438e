-- One row per account, organization_id and actor: a person, seen or in a team.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation; of who is never, null if there are several.
-- actor: Email with A to Z in lower case; API keys are no people, nor is unknown.
-- first_seen: First UTC day with a record, as far as the history goes; null if never.
-- last_seen: Last UTC day with a record, up to as_of; Bedrock, Vertex and OAuth plans leave none.
-- days_active: UTC days with a record (count).
-- days_active_28: Those among the 28 days that end with as_of (count).
-- days_since_last: Days from last_seen to as_of, with leave and holidays (count); null if never.
-- sessions_28: Sessions in the 28 days that end with as_of (count).
-- state: new, active (0 to 7 days ago), lapsing (to 28), idle (not seen here); never: only in a team.
-- as_of: Last UTC day of the account that is final; what came later does not count yet.
-- team: Team on as_of; (no team) for people who are in none then.
with

months as (

    select * from person_months

),

days as (

    select * from person_days

),

fetched as (

    select * from fetched_days

),

members as (

    select * from stg_team_members

),

places as (

    select distinct account, organization_id
    from org_days

),

accounts as (

    select
        account,
        as_of,
        cast(as_of - interval 28 day as date) as before_28_days,
        -- months before these days are counted as a whole
        cast(
            date_trunc('month', cast(as_of - interval 28 day as date)) as date
        ) as recent_month,
        cast(min(history_from) + interval 28 day as date) as known_from

    from fetched
    where as_of is not null
    group by account, as_of

),

-- Postgres looks these days up, and would read all days for a join alone.
recent as (

    select min(recent_month) as first_date
    from accounts

),

parts as (

    select
        months.account,
        months.organization_id,
        months.actor,
        months.first_date,
        months.last_date,
        months.days_active,
        0 as days_active_28,
        0 as sessions_28

    from months
    inner join accounts
        on months.account = accounts.account
        and months.month < accounts.recent_month

    union all

    select
        days.account,
        days.organization_id,
        days.actor,
        days.date as first_date,
        days.date as last_date,
        1 as days_active,
        case
            when days.date > accounts.before_28_days then 1 else 0
        end as days_active_28,
        case
            when days.date > accounts.before_28_days then days.sessions else 0
        end as sessions_28

    from days
    inner join accounts
        on days.account = accounts.account
        and days.date <= accounts.as_of
        and days.date >= accounts.recent_month
    where days.date >= (select recent.first_date from recent)

),

seen as (

    select
        account,
        organization_id,
        actor,
        min(first_date) as first_seen,
        max(last_date) as last_seen,
        cast(sum(days_active) as bigint) as days_active,
        cast(sum(days_active_28) as bigint) as days_active_28,
        cast(sum(sessions_28) as bigint) as sessions_28

    from parts
    group by account, organization_id, actor

),

-- Not the current date: the view changes only when days are loaded.
summed as (

    select
        seen.*,
        accounts.as_of,
        accounts.before_28_days,
        accounts.known_from

    from seen
    inner join accounts
        on seen.account = accounts.account

),

measured as (

    select
        *,
        date_diff('day', last_seen, as_of) as days_since_last

    from summed

),

-- 7 days instead of 3, because people may be on holiday for a week.
named as (

    select
        account,
        organization_id,
        actor,
        first_seen,
        last_seen,
        days_active,
        days_active_28,
        days_since_last,
        sessions_28,
        case
            when first_seen > before_28_days and first_seen >= known_from then 'new'
            when days_since_last <= 7 then 'active'
            when days_since_last <= 28 then 'lapsing'
            else 'idle'
        end as state,
        as_of

    from measured

),

roster as (

    select
        accounts.account,
        accounts.as_of,
        members.actor,
        members.team,
        members.is_person

    from accounts
    cross join members
    where
        (members.valid_from is null or members.valid_from <= accounts.as_of)
        and (members.valid_to is null or members.valid_to >= accounts.as_of)

),

-- The file names no organisation. A member's is known only in an account with one.
organisations as (

    select
        account,
        max(organization_id) as organization_id

    from places
    group by account
    having count(*) = 1

),

seen_by_then as (

    select distinct
        account,
        actor

    from seen

),

never_seen as (

    select
        roster.account,
        roster.actor,
        roster.team,
        roster.as_of

    from roster
    left join seen_by_then
        on roster.account = seen_by_then.account
        and roster.actor = seen_by_then.actor
    where roster.is_person and seen_by_then.actor is null

),

everyone as (

    select
        named.account,
        named.organization_id,
        named.actor,
        named.first_seen,
        named.last_seen,
        named.days_active,
        named.days_active_28,
        named.days_since_last,
        named.sessions_28,
        named.state,
        named.as_of,
        coalesce(roster.team, '(no team)') as team

    from named
    left join roster
        on named.account = roster.account
        and named.actor = roster.actor

    union all

    select
        never_seen.account,
        organisations.organization_id,
        never_seen.actor,
        cast(null as date) as first_seen,
        cast(null as date) as last_seen,
        0 as days_active,
        0 as days_active_28,
        null as days_since_last,
        0 as sessions_28,
        'never' as state,
        never_seen.as_of,
        never_seen.team

    from never_seen
    left join organisations
        on never_seen.account = organisations.account

)

select * from everyone
