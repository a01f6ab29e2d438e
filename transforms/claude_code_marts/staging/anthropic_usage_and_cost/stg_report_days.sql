-- One row per report, account and date: a day of any report that was fetched whole.
--
-- report: Name of the report, as in claude_code.
-- account: Account of the API key; default unless several are configured.
-- date: UTC day that was fetched whole.
-- is_settled: True when its last complete fetch began after the day had settled.
-- is_final: True when settled and, but for claude_code, fetched 30 UTC days later or more.
with

fetches as (

    select * from claude_code.day_fetches
    where status = 'complete'

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

-- Ordered by load, because a time may come from a wrong clock.
committed as (

    select
        fetches.report,
        fetches.account,
        fetches.date,
        fetches.fetched_at,
        coalesce(fetches.is_final, false) as is_settled,
        row_number() over (
            partition by fetches.report, fetches.account, fetches.date
            order by fetches.load_number desc, fetches.fetched_at desc
        ) as recency

    from fetches
    inner join loads
        on fetches._dlt_load_id = loads.load_id

),

-- All but usage may be restated for 30 days, and so long each night loads them again.
newest as (

    select
        report,
        account,
        date,
        is_settled,
        is_settled and (
            report = 'claude_code'
            or coalesce(
                cast(fetched_at at time zone 'UTC' as date)
                >= cast(date + interval 30 day as date),
                false
            )
        ) as is_final

    from committed
    where recency = 1

)

select * from newest
