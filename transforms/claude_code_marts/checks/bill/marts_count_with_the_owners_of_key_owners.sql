-- Claim: the owners that stored marts count with are those of key_owners, day by day.
with

stored as (

    select * from stg_actor_owners

),

known as (

    select * from key_owners

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

)

select * from different
