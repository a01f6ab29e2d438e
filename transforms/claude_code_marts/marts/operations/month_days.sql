-- One row per account and month: how much of the month was fetched whole.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- month: First UTC day of a month with any day fetched whole.
-- days_complete: Days fetched whole that are final (count).
-- days_provisional: Days fetched whole that may still change (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- is_complete: True when every day of the calendar month is final.
with

days as (

    select
        account,
        is_final,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        max(date) over (partition by account) as last_date

    from fetched_days

),

counted as (

    select
        account,
        month,
        last_date,
        cast(month + interval 1 month as date) as next_month,
        count(case when is_final then 1 end) as days_complete,
        count(case when not is_final then 1 end) as days_provisional

    from days
    group by account, month, last_date

),

-- In the month of the last fetched day, the days after it are not missing. Days before
-- the history began are.
measured as (

    select
        *,
        date_diff('day', month, next_month) as days_of_month,
        case
            when last_date < next_month then date_diff('day', month, last_date) + 1
            else date_diff('day', month, next_month)
        end as days_begun

    from counted

),

months as (

    select
        account,
        month,
        days_complete,
        days_provisional,
        days_begun - days_complete - days_provisional as days_missing,
        days_complete = days_of_month as is_complete

    from measured

)

select * from months
