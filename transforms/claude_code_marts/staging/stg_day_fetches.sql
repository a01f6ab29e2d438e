-- One row per completed or failed fetch of a day whose load is in.
with

fetches as (

    select * from claude_code.day_fetches

),

loads as (

    select * from claude_code._dlt_loads where status = 0

),

-- A load that was cut short may have left its notes, but did not do what they say.
counted as (

    select
        fetches.account,
        fetches.date,
        fetches.fetched_at,
        -- the first loads had no number
        coalesce(fetches.load_number, 0) as load_number,
        fetches.status,
        fetches.error,
        fetches.is_final,
        fetches.is_changed,
        fetches.pages,
        fetches.records,
        fetches.num_sessions as sessions,
        -- what the ledger keeps of costs, rounded to twelve places as in stg_model_usage
        'USD' as currency,
        cast(
            round(fetches.estimated_cost_cents, 10)
            * cast('0.01' as decimal(2, 2)) as decimal(38, 12)
        ) as estimated_cost

    from fetches
    inner join loads
        on fetches._dlt_load_id = loads.load_id

)

select * from counted
