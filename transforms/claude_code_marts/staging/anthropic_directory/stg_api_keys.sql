-- One row per account, organization_id, api_key_id and snapshot_number: a key's version.
--
-- account: Account of the API key that took the snapshot.
-- organization_id: UUID of the organisation.
-- api_key_id: Id of the key, as in apikey_01...
-- snapshot_number: Number of the snapshot that first showed this version (count from 1).
-- key_name: Name of the key in this version; several keys may share it.
-- status: active, inactive, expired or archived. It says nothing of the days before.
-- workspace_id: Workspace of the key; null for the default one.
-- principal_id: User or service account it acts as, else its creator; null if unknown.
-- principal_type: user or service_account, or another kind; null as principal_id.
-- first_date: UTC day from which on the version may have been in use.
-- last_date: Last UTC day on which it may have been; 9999-12-31 for no end.
with

versions as (

    select * from claude_code.api_keys

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

committed as (

    select
        versions.account,
        versions.organization_id,
        versions.api_key_id,
        versions.snapshot_number,
        nullif(versions.name, '') as key_name,
        versions.status,
        versions.workspace_id,
        coalesce(versions.is_removed, false) as is_removed,
        nullif(versions.principal_id, '') as principal_id,
        versions.principal_type,
        nullif(versions.created_by_id, '') as created_by_id,
        versions.created_by_type,
        cast(versions.created_at at time zone 'UTC' as date) as created_date,
        cast(versions.expires_at at time zone 'UTC' as date) as expires_date,
        cast(versions.seen_at at time zone 'UTC' as date) as seen_date

    from versions
    inner join loads
        on versions._dlt_load_id = loads.load_id

),

-- A key acts as its principal; who created it may be somebody else. A principal that is
-- neither a user nor a service account hides no creator who is.
judged as (

    select
        *,
        principal_id is not null and (
            coalesce(principal_type in ('user', 'service_account'), false)
            or created_by_id is null
            or not coalesce(created_by_type in ('user', 'service_account'), false)
        ) as is_principal

    from committed

),

-- What was so before the first snapshot is not known: its version counts from the day
-- on which the key was created. On a day of change both versions may have been in use.
placed as (

    select
        account,
        organization_id,
        api_key_id,
        snapshot_number,
        key_name,
        status,
        workspace_id,
        is_removed,
        case when is_principal then principal_id else created_by_id end as principal_id,
        case
            when is_principal then principal_type
            when created_by_id is not null then created_by_type
        end as principal_type,
        created_date,
        expires_date,
        seen_date,
        row_number() over (
            partition by account, organization_id, api_key_id
            order by snapshot_number
        ) as version_number,
        coalesce(lead(seen_date) over (
            partition by account, organization_id, api_key_id
            order by snapshot_number
        ), date '9999-12-31') as replaced_date

    from judged

),

dated as (

    select
        account,
        organization_id,
        api_key_id,
        snapshot_number,
        key_name,
        status,
        workspace_id,
        principal_id,
        principal_type,
        case
            when version_number = 1 then coalesce(created_date, date '0001-01-01')
            else seen_date
        end as first_date,
        case
            when expires_date < replaced_date then expires_date else replaced_date
        end as last_date

    from placed
    where not is_removed

)

select * from dated
