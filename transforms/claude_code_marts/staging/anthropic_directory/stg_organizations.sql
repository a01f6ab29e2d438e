-- One row per account and organization_id: the newest name of an organisation.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- organization_name: Name of the organisation.
with

versions as (

    select * from claude_code.organizations

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

known as (

    select
        versions.account,
        versions.organization_id,
        versions.name as organization_name,
        row_number() over (
            partition by versions.account, versions.organization_id
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
        organization_name

    from known
    where recency = 1

)

select * from newest
