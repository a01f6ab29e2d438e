-- One row per account, date, load_number and fetched_at: a fetch that changed a day.
--
-- account: Account of the API key; default unless several are configured.
-- date: UTC day that was fetched.
-- load_number: Number of the load in its account, from 1.
-- fetched_at: When the fetch began (UTC).
-- previous_fetched_at: When the complete fetch before this one began (UTC).
-- is_restatement: True when the previous fetch was final: the API restated the day.
-- records: Usage records of the day (count).
-- records_change: Records minus those of the previous fetch (count).
-- sessions: Sessions of the day (count).
-- sessions_change: Sessions minus those of the previous fetch (count).
-- currency: Currency of the estimated costs: USD, as the ledger keeps no other.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- estimated_cost_change: Cost minus that of the previous fetch, in the currency's units.
with

fetches as (

    select * from stg_day_fetches
    where status = 'complete'

),

-- Ordered by load, because a time may come from a wrong clock.
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

-- If the previous fetch was final, the API restated the day.
revisions as (

    select
        account,
        date,
        load_number,
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
