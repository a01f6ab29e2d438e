-- Claim: spans of key_owners do not overlap; only unique and same_owner have an owner.
with

owners as (

    select * from key_owners

),

followed as (

    select
        *,
        lead(valid_from) over (
            partition by account, organization_id, actor order by valid_from
        ) as next_from

    from owners

),

wrong as (

    select
        account,
        organization_id,
        actor,
        valid_from,
        valid_to,
        next_from,
        resolution,
        owner

    from followed
    where
        valid_to < valid_from
        or next_from <= valid_to
        or (owner is not null and resolution not in ('unique', 'same_owner'))

)

select * from wrong
