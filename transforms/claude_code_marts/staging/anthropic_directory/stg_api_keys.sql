-- One row per account, api_key_id and snapshot_number: a version of an API key.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- api_key_id: Id of the key.
-- name: Name; several keys may have the same one.
-- status: active, inactive, expired or archived.
-- workspace_id: Id of its workspace; null for the default workspace.
-- created_by_id: Id of who created it; null when that is not known.
-- created_by_type: Kind of who created it, as in user; null when that is not known.
-- principal_id: Id of whom the key acts as; null when nobody is named.
-- principal_type: user or service_account; null when nobody is named.
-- created_at: When it was created (UTC); null if not sent.
-- expires_at: When it expires (UTC); null if it does not.
-- snapshot_number: Number of the snapshot that first showed this version.
-- valid_from: When it began (UTC): a first version with the element, others when seen.
-- valid_to: When the next version was seen, or that it is gone (UTC); else null.
with

versions as (

    select * from claude_code.api_keys

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

-- An interrupted load may leave versions that were never committed.
committed as (

    select
        versions.*,
        row_number() over (
            partition by versions.account, versions.api_key_id
            order by versions.snapshot_number
        ) as number,
        lead(versions.seen_at) over (
            partition by versions.account, versions.api_key_id
            order by versions.snapshot_number
        ) as valid_to

    from versions
    inner join loads
        on versions._dlt_load_id = loads.load_id

),

in_force as (

    select
        account,
        organization_id,
        api_key_id,
        name,
        status,
        workspace_id,
        created_by_id,
        created_by_type,
        principal_id,
        principal_type,
        created_at,
        expires_at,
        snapshot_number,
        case
            when number = 1 and created_at < seen_at then created_at
            else seen_at
        end as valid_from,
        valid_to

    from committed
    where not is_removed

)

select * from in_force
