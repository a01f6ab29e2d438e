-- One row per account and organization_id: the first day of an organisation.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- first_day: First UTC day with a record.
with

places as (

    select * from terminal_daily

),

firsts as (

    select
        account,
        organization_id,
        min(date) as first_day

    from places
    group by account, organization_id

)

select * from firsts
