-- One row per account, organization_id, workspace_id, user_id and snapshot_number: a version.
--
-- account: Account of the API key that took the snapshot.
-- organization_id: UUID of the organisation.
-- workspace_id: Id of the workspace, as in wrkspc_01...
-- user_id: Id of the member, as in user_01...
-- snapshot_number: Number of the snapshot that first showed this version (count from 1).
-- first_date: First UTC day of the membership; 0001-01-01 if the first snapshot has it.
-- last_date: Last UTC day of this version; 9999-12-31 for no end.
with

versions as (

    select * from claude_code.workspace_members

),

snapshots as (

    select * from claude_code.snapshots

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

-- An account may have changed to another organisation, with a first snapshot of its own.
firsts as (

    select
        snapshots.account,
        snapshots.organization_id,
        min(snapshots.snapshot_number) as first_number

    from snapshots
    inner join loads
        on snapshots._dlt_load_id = loads.load_id
    group by snapshots.account, snapshots.organization_id

),

committed as (

    select
        versions.account,
        versions.organization_id,
        versions.workspace_id,
        versions.user_id,
        versions.snapshot_number,
        coalesce(versions.is_removed, false) as is_removed,
        cast(versions.seen_at at time zone 'UTC' as date) as seen_date

    from versions
    inner join loads
        on versions._dlt_load_id = loads.load_id

),

-- A day of change is one of the new version: a snapshot is taken in the night.
placed as (

    select
        *,
        lead(seen_date) over (
            partition by account, organization_id, workspace_id, user_id
            order by snapshot_number
        ) as replaced_date

    from committed

),

-- Nothing is known of the time before the first snapshot. Whoever is a member in it
-- counts as one from the beginning.
dated as (

    select
        placed.account,
        placed.organization_id,
        placed.workspace_id,
        placed.user_id,
        placed.snapshot_number,
        case
            when placed.snapshot_number = firsts.first_number then date '0001-01-01'
            else placed.seen_date
        end as first_date,
        case
            when placed.replaced_date is null then date '9999-12-31'
            else cast(placed.replaced_date - interval 1 day as date)
        end as last_date

    from placed
    left join firsts
        on placed.account = firsts.account
        and placed.organization_id is not distinct from firsts.organization_id
    where not placed.is_removed

)

select * from dated
