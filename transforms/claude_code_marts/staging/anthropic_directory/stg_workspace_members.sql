-- One row per account, workspace_id, user_id and snapshot_number: a version of a membership.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- workspace_id: Id of the workspace.
-- user_id: Id of the user.
-- workspace_role: Role in the workspace, as in workspace_developer.
-- snapshot_number: Number of the snapshot that first showed this version.
-- valid_from: When a snapshot first showed it (UTC). It may have begun earlier.
-- valid_to: When the next version was seen, or that it is gone (UTC); else null.
with

versions as (

    select * from claude_code.workspace_members

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

-- An interrupted load may leave versions that were never committed.
committed as (

    select
        versions.*,
        lead(versions.seen_at) over (
            partition by versions.account, versions.workspace_id, versions.user_id
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
        workspace_id,
        user_id,
        workspace_role,
        snapshot_number,
        seen_at as valid_from,
        valid_to

    from committed
    where not is_removed

)

select * from in_force
