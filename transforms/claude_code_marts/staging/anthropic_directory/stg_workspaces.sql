-- One row per account, organization_id and workspace_id: a workspace as last seen.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- workspace_id: Id of the workspace, as in wrkspc_01...; the default one is in no list.
-- workspace_name: Its newest name; Claude Code for that of Claude Code's sign-ins.
-- tags: JSON object as text: the newest tags, as in team and env; null without any.
-- is_claude_code: True for the name Claude Code.
with

versions as (

    select * from claude_code.workspaces

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

known as (

    select
        versions.account,
        versions.organization_id,
        versions.workspace_id,
        versions.name as workspace_name,
        nullif(versions.tags, '{}') as tags,
        row_number() over (
            partition by
                versions.account, versions.organization_id, versions.workspace_id
            order by versions.snapshot_number desc, versions.content_hash desc
        ) as recency

    from versions
    inner join loads
        on versions._dlt_load_id = loads.load_id
    where not coalesce(versions.is_removed, false)

),

newest as (

    select
        account,
        organization_id,
        workspace_id,
        workspace_name,
        tags,
        coalesce(workspace_name = 'Claude Code', false) as is_claude_code

    from known
    where recency = 1

)

select * from newest
