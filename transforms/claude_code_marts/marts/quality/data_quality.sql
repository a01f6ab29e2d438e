-- One row per account and from_date: a stored day, a failed one, or days missing in a row.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- from_date: First UTC day of the row.
-- to_date: Last UTC day of the row; other than from_date for missing days alone.
-- days: Days of the row (count).
-- status: complete; provisional (may change); failed or missing (never fetched whole).
-- error: Why the last fetch of a failed day failed; null otherwise.
-- records: Usage records of the last whole fetch (count); null where there was none.
-- records_without_cost: Records without a model entry that has a cost (count).
-- cost_coverage: Share of the records that have a cost, 0 to 1; null without records.
-- duplicates: Records that share every key with an earlier one (count); kept, not wrong.
-- unknown_fields: Fields, tools and actor types that the contract does not know (count).
-- restatements: Fetches that changed the day after it was final (count).
with

fetches as (

    select * from stg_day_fetches

),

whole_days as (

    select
        *,
        max(date) over (partition by account) as last_date

    from fetched_days

),

unknowns as (

    select * from stg_unknowns

),

revisions as (

    select * from day_revisions

),

-- Ordered by load, because a time may come from a wrong clock.
last_fetches as (

    select
        account,
        date,
        load_number,
        fetched_at,
        status,
        error,
        records,
        records_with_cost,
        duplicates,
        row_number() over (
            partition by account, date, status
            order by load_number desc, fetched_at desc
        ) as recency

    from fetches

),

ledger as (

    select
        whole_days.account,
        whole_days.date,
        case when whole_days.is_final then 'complete' else 'provisional' end as status,
        null as error

    from whole_days

    union all

    select
        last_fetches.account,
        last_fetches.date,
        'failed' as status,
        last_fetches.error

    from last_fetches
    left join whole_days
        on last_fetches.account = whole_days.account
        and last_fetches.date = whole_days.date
    where
        last_fetches.status = 'failed'
        and last_fetches.recency = 1
        and whole_days.date is null

),

neighbours as (

    select
        *,
        lag(date) over (partition by account order by date) as previous_date

    from ledger

),

history as (

    select
        account,
        min(date) as first_date,
        max(date) as last_date

    from whole_days
    group by account

),

-- Between the first and the last stored day; what was never asked for is not missing.
gaps as (

    select
        neighbours.account,
        cast(neighbours.previous_date + interval 1 day as date) as from_date,
        cast(neighbours.date - interval 1 day as date) as to_date

    from neighbours
    inner join history
        on neighbours.account = history.account
    where
        date_diff('day', neighbours.previous_date, neighbours.date) > 1
        and neighbours.previous_date >= history.first_date
        and neighbours.date <= history.last_date

),

ranges as (

    select
        account,
        date as from_date,
        date as to_date,
        status,
        error

    from ledger

    union all

    select
        *,
        'missing' as status,
        null as error

    from gaps

),

records as (

    select
        account,
        date,
        records,
        records_with_cost,
        duplicates

    from last_fetches
    where status = 'complete' and recency = 1

),

-- Unknown names in the last complete fetch of a day.
unknown as (

    select
        unknowns.account,
        unknowns.date,
        count(*) as unknown_fields

    from unknowns
    inner join last_fetches
        on unknowns.account = last_fetches.account
        and unknowns.date = last_fetches.date
        and unknowns.load_number = last_fetches.load_number
        and unknowns.fetched_at = last_fetches.fetched_at
    where
        last_fetches.status = 'complete'
        and last_fetches.recency = 1
    group by unknowns.account, unknowns.date

),

restated as (

    select
        account,
        date,
        count(*) as restatements

    from revisions
    where is_restatement
    group by account, date

),

measured as (

    select
        ranges.account,
        ranges.from_date,
        ranges.to_date,
        date_diff('day', ranges.from_date, ranges.to_date) + 1 as days,
        ranges.status,
        ranges.error,
        ranges.status in ('complete', 'provisional') as is_stored,
        coalesce(records.records, 0) as records,
        coalesce(records.records_with_cost, 0) as records_with_cost,
        coalesce(records.duplicates, 0) as duplicates,
        coalesce(unknown.unknown_fields, 0) as unknown_fields,
        coalesce(restated.restatements, 0) as restatements

    from ranges
    left join records
        on ranges.account = records.account
        and ranges.from_date = records.date
    left join unknown
        on ranges.account = unknown.account
        and ranges.from_date = unknown.date
    left join restated
        on ranges.account = restated.account
        and ranges.from_date = restated.date

),

-- Nothing is known of days that are not stored: null instead of 0.
known as (

    select
        account,
        from_date,
        to_date,
        days,
        status,
        error,
        case when is_stored then records end as records,
        case
            when is_stored then records - records_with_cost
        end as records_without_cost,
        round(
            1e6 * records_with_cost / nullif(records, 0)
        ) / 1e6 as cost_coverage,
        case when is_stored then duplicates end as duplicates,
        case when is_stored then unknown_fields end as unknown_fields,
        case when is_stored then restatements end as restatements

    from measured

)

select * from known
