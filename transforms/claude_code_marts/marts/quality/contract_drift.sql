-- One row per account, kind and name: what the API sends beyond its contract.
--
-- account: Account of the API key; default unless several are configured.
-- kind: field, tool, actor_type or model.
-- name: Path of a field, or name of a tool, actor type or model.
-- first_seen_date: First stored UTC day with it.
-- last_seen_date: Last stored UTC day with it.
-- records: Usage records with it, over all stored days (count).
-- example: A value from the last day: JSON text without emails, or a model's name.
with

unknowns as (

    select * from stg_unknowns

),

models_of_days as (

    select * from models_daily

),

-- The last complete fetch of each day wrote the stored rows. Fetches are ordered by
-- load, because a time may come from a wrong clock.
whole_fetches as (

    select
        account,
        date,
        fetched_at,
        load_number,
        row_number() over (
            partition by account, date
            order by load_number desc, fetched_at desc
        ) as recency

    from stg_day_fetches
    where status = 'complete'

),

observed as (

    select
        unknowns.account,
        unknowns.kind,
        unknowns.name,
        unknowns.date,
        unknowns.records,
        unknowns.example

    from unknowns
    inner join whole_fetches
        on unknowns.account = whole_fetches.account
        and unknowns.date = whole_fetches.date
        and unknowns.load_number = whole_fetches.load_number
        and unknowns.fetched_at = whole_fetches.fetched_at
    where whole_fetches.recency = 1

),

-- The contract names no models, so every model is listed.
models as (

    select
        account,
        'model' as kind,
        model as name,
        date,
        records,
        model as example

    from models_of_days

),

everything as (

    select * from observed

    union all

    select * from models

),

-- The example is from the last day: `max` of a text depends on the collation.
dated as (

    select
        *,
        row_number() over (
            partition by account, kind, name
            order by date desc
        ) as recency

    from everything

),

summed as (

    select
        account,
        kind,
        name,
        min(date) as first_seen_date,
        max(date) as last_seen_date,
        cast(sum(records) as bigint) as records,
        max(case when recency = 1 then example end) as example

    from dated
    group by account, kind, name

)

select * from summed
