-- One row per account, organization_id, user_id and snapshot_number: an email's days.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- user_id: Id of the user, as in user_01...; also of one who has left since.
-- snapshot_number: Number of the snapshot that first showed the email (count from 1).
-- email: Email with A to Z in lower case, as actors have it; never null.
-- first_date: First UTC day of the email; 0001-01-01 for the first one of the user.
-- last_date: Last UTC day, that before the next email; 9999-12-31 for the newest known.
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
        versions.snapshot_number,
        nullif(
            translate(
                versions.email,
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
            ),
            ''
        ) as email,
        cast(versions.seen_at at time zone 'UTC' as date) as seen_date

    from versions
    inner join loads
        on versions._dlt_load_id = loads.load_id
    where not coalesce(versions.is_removed, false)

),

-- A version without an email takes none away: the one before is still the newest known.
followed as (

    select
        *,
        lag(email) over (
            partition by account, organization_id, user_id
            order by snapshot_number
        ) as email_before

    from known
    where email is not null

),

placed as (

    select
        account,
        organization_id,
        user_id,
        snapshot_number,
        email,
        email_before,
        seen_date,
        lead(seen_date) over (
            partition by account, organization_id, user_id
            order by snapshot_number
        ) as replaced_date

    from followed
    where email_before is null or email_before <> email

),

-- A day of change is one of the new email: a snapshot is taken in the night.
dated as (

    select
        account,
        organization_id,
        user_id,
        snapshot_number,
        email,
        case
            when email_before is null then date '0001-01-01' else seen_date
        end as first_date,
        case
            when replaced_date is null then date '9999-12-31'
            else cast(replaced_date - interval 1 day as date)
        end as last_date

    from placed

)

select * from dated
