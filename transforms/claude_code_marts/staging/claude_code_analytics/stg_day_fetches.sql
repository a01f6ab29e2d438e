-- One row per account, date, load_number and fetched_at: a fetch of a committed load.
--
-- account: Account of the API key; default unless several are configured.
-- date: UTC day that was fetched.
-- fetched_at: When the fetch began (UTC).
-- load_number: Number of the load in its account, from 1.
-- status: complete or failed.
-- error: Why the fetch failed; null when complete.
-- is_final: True when the day was complete as the fetch began.
-- is_changed: True when the day differs from its last complete fetch or had none.
-- pages: Replies that held the day (count).
-- records: Usage records of the day (count).
-- sessions: Sessions of the day (count).
-- currency: Currency of the estimated cost: USD, as the ledger keeps no other.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- duplicates: Records that share every key with an earlier one of the day (count).
-- records_with_cost: Records with an entry that has a cost, in any currency (count).
with

fetches as (

    select * from claude_code.day_fetches
    where report = 'claude_code'

),

sums as (

    select * from claude_code.day_fetches__claude_code

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

-- An interrupted load may leave rows of fetches that were never committed.
counted as (

    select
        fetches.account,
        fetches.date,
        fetches.fetched_at,
        fetches.load_number,
        fetches.status,
        fetches.error,
        fetches.is_final,
        fetches.is_changed,
        fetches.pages,
        fetches.records,
        sums.num_sessions as sessions,
        -- cents to dollars, rounded to twelve places as in stg_model_usage
        'USD' as currency,
        cast(
            round(sums.estimated_cost_cents, 10)
            * cast('0.01' as decimal(2, 2)) as decimal(38, 12)
        ) as estimated_cost,
        sums.duplicates,
        sums.records_with_cost

    from fetches
    inner join loads
        on fetches._dlt_load_id = loads.load_id
    left join sums
        on fetches.account = sums.account
        and fetches.date = sums.date
        and fetches.load_number = sums.load_number
        and fetches.fetched_at = sums.fetched_at
        and fetches._dlt_load_id = sums._dlt_load_id

)

select * from counted
