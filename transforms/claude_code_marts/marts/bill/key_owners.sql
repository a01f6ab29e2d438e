-- One row per account, organization_id, actor and valid_from: who owns the keys of a name.
--
-- account: Account of the API key that took the snapshots.
-- organization_id: UUID of the organisation.
-- actor: Name of the keys, as usage records have it.
-- valid_from: First UTC day on which this holds.
-- valid_to: Last UTC day on which it holds; 9999-12-31 for no end.
-- keys: Keys of this name that may have been in use on these days (count).
-- resolution: unique, same_owner, ambiguous, unknown or service_account. Never a guess.
-- owner_id: Id of the one user or service account of all these keys; else null.
-- owner: Email of the one user on these days; null if not one, or never in a snapshot.
with

versions as (

    select * from stg_api_keys
    where key_name is not null and first_date <= last_date

),

users as (

    select * from stg_users
    where first_date <= last_date

),

edges as (

    select
        account,
        organization_id,
        key_name,
        first_date as edge

    from versions

    union distinct

    select
        account,
        organization_id,
        key_name,
        cast(last_date + interval 1 day as date) as edge

    from versions
    where last_date < date '9999-12-31'

),

spans as (

    select
        account,
        organization_id,
        key_name,
        edge as valid_from,
        lead(edge) over (
            partition by account, organization_id, key_name order by edge
        ) as next_edge

    from edges

),

-- A version begins and ends at edges, so it holds for a whole span or for none of it.
candidates as (

    select
        spans.account,
        spans.organization_id,
        spans.key_name,
        spans.valid_from,
        spans.next_edge,
        versions.api_key_id,
        versions.principal_id,
        case
            when versions.principal_type in ('user', 'service_account')
                then versions.principal_type
        end as kind

    from spans
    inner join versions
        on spans.account = versions.account
        and spans.organization_id is not distinct from versions.organization_id
        and spans.key_name = versions.key_name
        and spans.valid_from >= versions.first_date
        and spans.valid_from <= versions.last_date

),

counted as (

    select
        account,
        organization_id,
        key_name,
        valid_from,
        next_edge,
        count(distinct api_key_id) as keys,
        count(*) as candidates,
        count(case when kind = 'user' then 1 end) as of_users,
        count(case when kind = 'service_account' then 1 end) as of_services,
        count(distinct case when kind is not null then principal_id end) as owners,
        min(case when kind is not null then principal_id end) as owner_id

    from candidates
    group by account, organization_id, key_name, valid_from, next_edge

),

resolved as (

    select
        account,
        organization_id,
        key_name,
        valid_from,
        next_edge,
        keys,
        case
            when of_users = 0 and of_services = 0 then 'unknown'
            when of_services = candidates then 'service_account'
            when of_users < candidates or owners > 1 then 'ambiguous'
            when keys = 1 then 'unique'
            else 'same_owner'
        end as resolution,
        case
            when owners = 1 and of_users + of_services = candidates then owner_id
        end as owner_id,
        owners = 1 and of_users = candidates as is_one_user

    from counted

),

spanned as (

    select
        *,
        case
            when next_edge is null then date '9999-12-31'
            else cast(next_edge - interval 1 day as date)
        end as last_date

    from resolved

),

-- The emails of a user are of all days, and of each day one: a span is cut where the
-- email changes, and no day is lost or doubled.
named as (

    select
        spanned.account,
        spanned.organization_id,
        spanned.key_name as actor,
        case
            when users.first_date > spanned.valid_from then users.first_date
            else spanned.valid_from
        end as valid_from,
        case
            when users.last_date < spanned.last_date then users.last_date
            else spanned.last_date
        end as valid_to,
        spanned.keys,
        spanned.resolution,
        spanned.owner_id,
        users.email as owner

    from spanned
    left join users
        on spanned.account = users.account
        and spanned.organization_id is not distinct from users.organization_id
        and spanned.owner_id = users.user_id
        and spanned.is_one_user
        and spanned.last_date >= users.first_date
        and spanned.valid_from <= users.last_date

)

select * from named
