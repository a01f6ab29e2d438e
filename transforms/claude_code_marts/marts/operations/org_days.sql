-- One row per account, organization_id and date: the days that an organisation has.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day fetched whole, from the organisation's first record on, or with a record.
-- is_final: True when its last complete fetch began after the day had settled.
-- history_from: First UTC day of the account that was fetched whole.
-- days_in_7: Days fetched whole among the 7 that end on this one (count).
-- days_in_28: Days fetched whole among the 28 that end on this one (count).
with

fetched as (

    select * from fetched_days

),

-- The ledger names no organisation, so one begins with its first record. Each record is
-- of one terminal, and the terminals of a day are few rows.
record_days as (

    select distinct
        account,
        organization_id,
        date

    from terminal_daily

),

organisations as (

    select
        account,
        organization_id,
        min(date) as first_date

    from record_days
    group by account, organization_id

),

-- A day whose load is not committed has records but no fetch: all else is null.
places as (

    select
        organisations.account,
        organisations.organization_id,
        fetched.date,
        fetched.is_final,
        fetched.history_from,
        fetched.days_in_7,
        fetched.days_in_28

    from organisations
    inner join fetched
        on organisations.account = fetched.account
        and organisations.first_date <= fetched.date

    union all

    select
        account,
        organization_id,
        date,
        false as is_final,
        cast(null as date) as history_from,
        null as days_in_7,
        null as days_in_28

    from record_days

),

days as (

    select
        account,
        organization_id,
        date,
        count(case when is_final then 1 end) > 0 as is_final,
        max(history_from) as history_from,
        coalesce(max(days_in_7), 0) as days_in_7,
        coalesce(max(days_in_28), 0) as days_in_28

    from places
    group by account, organization_id, date

)

select * from days
