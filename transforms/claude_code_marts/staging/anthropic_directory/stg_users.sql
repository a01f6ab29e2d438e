-- One row per account, user_id and snapshot_number: a version of a member.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- user_id: Id of the user.
-- email: Email with A to Z in lower case, as the actor of usage is written.
-- name: Name of the person.
-- role: Role in the organisation, as in claude_code_user.
-- added_at: When the user joined the organisation (UTC); null if not sent.
-- snapshot_number: Number of the snapshot that first showed this version.
-- valid_from: When it began (UTC): a first version with the element, others when seen.
-- valid_to: When the next version was seen, or that it is gone (UTC); else null.
with

versions as (

    select * from claude_code.users

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
            partition by versions.account, versions.user_id
            order by versions.snapshot_number
        ) as number,
        lead(versions.seen_at) over (
            partition by versions.account, versions.user_id
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
        user_id,
        translate(
            email, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
        ) as email,
        name,
        role,
        added_at,
        snapshot_number,
        case
            when number = 1 and added_at < seen_at then added_at
            else seen_at
        end as valid_from,
        valid_to

    from committed
    where not is_removed

)

select * from in_force
