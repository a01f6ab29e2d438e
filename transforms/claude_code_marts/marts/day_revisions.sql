-- One row per fetch that changed a day which had been fetched before.
with

fetches as (

    select * from stg_day_fetches where status = 'complete'

),

-- In the order of the loads: a clock may have been wrong.
compared as (

    select
        *,
        row_number() over fetches_of_day as fetch_number,
        lag(fetched_at) over fetches_of_day as previous_fetched_at,
        lag(is_final) over fetches_of_day as previous_is_final,
        lag(records) over fetches_of_day as previous_records,
        lag(sessions) over fetches_of_day as previous_sessions,
        lag(estimated_cost) over fetches_of_day as previous_estimated_cost

    from fetches
    window fetches_of_day as (
        partition by account, date
        order by load_number, fetched_at
    )

),

-- Where the previous fetch was final, the API has restated a day that was over.
revisions as (

    select
        account,
        date,
        fetched_at,
        previous_fetched_at,
        previous_is_final as is_restatement,
        records,
        records - previous_records as records_change,
        sessions,
        sessions - previous_sessions as sessions_change,
        currency,
        estimated_cost,
        cast(
            estimated_cost - previous_estimated_cost as decimal(38, 12)
        ) as estimated_cost_change

    from compared
    where
        fetch_number > 1
        and is_changed

)

select * from revisions
