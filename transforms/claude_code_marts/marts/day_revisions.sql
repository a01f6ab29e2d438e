-- One row per fetch that changed a day which had been fetched before.
with

fetches as (

    select * from stg_day_fetches where status = 'complete'

),

compared as (

    select
        *,
        row_number() over (
            partition by account, date
            order by fetched_at
        ) as fetch_number,
        lag(fetched_at) over (
            partition by account, date
            order by fetched_at
        ) as previous_fetched_at,
        lag(is_final) over (
            partition by account, date
            order by fetched_at
        ) as previous_is_final,
        lag(records) over (
            partition by account, date
            order by fetched_at
        ) as previous_records,
        lag(sessions) over (
            partition by account, date
            order by fetched_at
        ) as previous_sessions,
        lag(estimated_cost_usd) over (
            partition by account, date
            order by fetched_at
        ) as previous_estimated_cost_usd

    from fetches

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
        estimated_cost_usd,
        estimated_cost_usd - previous_estimated_cost_usd as estimated_cost_usd_change

    from compared
    where
        fetch_number > 1
        and is_changed

)

select * from revisions
