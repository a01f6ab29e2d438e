-- One row per account, organization_id and user_id: a member's newest known email.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- user_id: Id of the user, as in user_01...; also of one who has left since.
-- email: Email with A to Z in lower case, as actors have it; null where none is known.
with

versions as (

    select * from claude_code.users

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

known as (

    select
        versions.account,
        versions.organization_id,
        versions.user_id,
        nullif(
            translate(
                versions.email,
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
            ),
            ''
        ) as email,
        row_number() over (
            partition by
                versions.account, versions.organization_id, versions.user_id
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
        user_id,
        email

    from known
    where recency = 1

)

select * from newest
