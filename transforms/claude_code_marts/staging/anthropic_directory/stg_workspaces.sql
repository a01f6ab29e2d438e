-- One row per account, workspace_id and snapshot_number: a version of a workspace.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- workspace_id: Id of the workspace; the default workspace is not here.
-- name: Name; Claude Code for that of its sign-ins.
-- tags: JSON object as text: the tags, as in team and env; null if not sent.
-- created_at: When it was created (UTC); null if not sent.
-- archived_at: When it was archived (UTC); null while it is in use.
-- snapshot_number: Number of the snapshot that first showed this version.
-- valid_from: When it began (UTC): a first version with the element, others when seen.
-- valid_to: When the next version was seen, or that it is gone (UTC); else null.
with

versions as (

    select * from claude_code.workspaces

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
            partition by versions.account, versions.workspace_id
            order by versions.snapshot_number
        ) as number,
        lead(versions.seen_at) over (
            partition by versions.account, versions.workspace_id
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
        name,
        tags,
        created_at,
        archived_at,
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
