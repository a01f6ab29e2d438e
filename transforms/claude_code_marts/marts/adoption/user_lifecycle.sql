-- One row per account, organization_id and actor: a person who was seen up to as_of.
--
-- account: Name of the key the data came with; default unless several are set.
-- organization_id: UUID of the organisation.
-- actor: Email with A to Z in lower case; API keys are no people, nor is unknown.
-- first_seen: First UTC day with a record, as far as the history goes back.
-- last_seen: Last UTC day with a record, up to as_of.
-- days_active: UTC days with a record (count).
-- days_active_28: Those among the 28 days that end with as_of (count).
-- days_since_last: Days from last_seen to as_of (count).
-- sessions_28: Sessions in the 28 days that end with as_of (count).
-- state: new, active (last seen 0 to 7 days ago), lapsing (8 to 28) or idle; as seen here.
-- as_of: Last UTC day of the account that is final; what came later does not count yet.
with

people as (

    select * from person_days

),

fetched as (

    select * from fetched_days

),

accounts as (

    select
        account,
        as_of,
        cast(as_of - interval 28 day as date) as before_28_days,
        cast(min(history_from) + interval 28 day as date) as known_from

    from fetched
    where as_of is not null
    group by account, as_of

),

-- Not the clock: a view says the same tomorrow, unless days have come.
summed as (

    select
        people.account,
        people.organization_id,
        people.actor,
        accounts.as_of,
        accounts.before_28_days,
        accounts.known_from,
        min(people.date) as first_seen,
        max(people.date) as last_seen,
        count(*) as days_active,
        count(
            case when people.date > accounts.before_28_days then 1 end
        ) as days_active_28,
        cast(sum(
            case
                when people.date > accounts.before_28_days then people.sessions
                else 0
            end
        ) as bigint) as sessions_28

    from people
    inner join accounts
        on people.account = accounts.account
        and people.date <= accounts.as_of
    group by
        people.account,
        people.organization_id,
        people.actor,
        accounts.as_of,
        accounts.before_28_days,
        accounts.known_from

),

measured as (

    select
        *,
        date_diff('day', last_seen, as_of) as days_since_last

    from summed

),

-- Holidays make people lapse for a week: hence 7 days and not 3.
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

)

select * from named
