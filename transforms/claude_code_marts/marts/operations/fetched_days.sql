-- One row per account and date: a day fetched whole, which is the calendar of all marts.
--
-- account: Account of the API key; default unless several are configured.
-- date: UTC day that was fetched whole; a day without records has a row as well.
-- is_final: True when its last complete fetch began after the day had settled.
-- history_from: First UTC day of the account that was fetched whole.
-- as_of: Last UTC day of the account that is final; null before there is one.
-- days_in_7: Days fetched whole among the 7 that end on this one (count).
-- days_in_28: Days fetched whole among the 28 that end on this one (count).
with

-- Ordered by load, because a time may come from a wrong clock.
whole_fetches as (

    select
        account,
        date,
        coalesce(is_final, false) as is_final,
        date_diff('day', date '1970-01-01', date) as day_number,
        row_number() over (
            partition by account, date
            order by load_number desc, fetched_at desc
        ) as recency

    from stg_day_fetches
    where status = 'complete'

),

-- No day is null. BigQuery asks for nulls first where a window has a range.
days as (

    select
        account,
        date,
        is_final,
        min(date) over (partition by account) as history_from,
        max(case when is_final then date end) over (partition by account) as as_of,
        count(*) over (
            partition by account
            order by day_number nulls first
            range between 6 preceding and current row
        ) as days_in_7,
        count(*) over (
            partition by account
            order by day_number nulls first
            range between 27 preceding and current row
        ) as days_in_28

    from whole_fetches
    where recency = 1

)

select * from days
