-- Claim: stored marts count with the owners of key_owners, day by day, and miss no name.
with

stored as (

    select * from stg_actor_owners

),

known as (

    select * from key_owners

),

used as (

    select distinct account, organization_id, actor
    from user_cost_daily
    where actor_type = 'api_actor' and actor <> 'unknown'

),

missing as (

    select
        known.account,
        known.organization_id,
        known.actor,
        cast(null as date) as valid_from,
        cast(null as date) as valid_to,
        cast(null as varchar) as resolution,
        cast(null as varchar) as owner,
        known.valid_from as known_from,
        known.valid_to as known_to,
        known.resolution as known_resolution,
        known.owner as known_owner

    from known
    inner join used
        on known.account = used.account
        and known.organization_id is not distinct from used.organization_id
        and known.actor = used.actor
    left join stored
        on known.account = stored.account
        and known.organization_id is not distinct from stored.organization_id
        and known.actor = stored.actor
        and known.valid_from <= stored.valid_to
        and known.valid_to >= stored.valid_from
    where stored.actor is null

),

different as (

    select
        stored.account,
        stored.organization_id,
        stored.actor,
        stored.valid_from,
        stored.valid_to,
        stored.resolution,
        stored.owner,
        known.valid_from as known_from,
        known.valid_to as known_to,
        known.resolution as known_resolution,
        known.owner as known_owner

    from stored
    inner join known
        on stored.account = known.account
        and stored.organization_id is not distinct from known.organization_id
        and stored.actor = known.actor
        and stored.valid_from <= known.valid_to
        and stored.valid_to >= known.valid_from
    where
        stored.resolution <> known.resolution
        or stored.owner is distinct from known.owner

),

wrong as (

    select * from different

    union all

    select * from missing

)

select * from wrong
