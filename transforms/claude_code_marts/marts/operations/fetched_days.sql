-- One row per account and date: a day fetched whole, which is the calendar of all marts.
--
-- account: Name of the key the data came with; default unless several are set.
-- date: UTC day that was fetched whole; a day without records has its row, too.
-- is_final: True when the day was over and settled as its last complete fetch began.
-- history_from: First UTC day of the account that was fetched whole.
-- as_of: Last UTC day of the account that is final; null before there is one.
-- days_in_7: Days fetched whole among the 7 that end on this one (count).
-- days_in_28: Days fetched whole among the 28 that end on this one (count).
with

-- In the order of the loads: a clock may have been wrong.
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

days as (

    select
        account,
        date,
        is_final,
        min(date) over (partition by account) as history_from,
        max(case when is_final then date end) over (partition by account) as as_of,
        count(*) over (
            partition by account
            order by day_number
            range between 6 preceding and current row
        ) as days_in_7,
        count(*) over (
            partition by account
            order by day_number
            range between 27 preceding and current row
        ) as days_in_28

    from whole_fetches
    where recency = 1

)

select * from days
