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
        fetches.status,
        fetches.error,
        fetches.is_final,
        fetches.is_changed,
        fetches.pages,
        fetches.records,
        fetches.num_sessions as sessions,
        fetches.estimated_cost_cents
            * cast('0.01' as decimal(2, 2)) as estimated_cost_usd

    from fetches
    inner join loads
        on fetches._dlt_load_id = loads.load_id

)

select * from counted
