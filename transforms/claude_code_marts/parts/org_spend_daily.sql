-- One row per account, organization_id, date, customer_type and currency: costs and records.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day with a record or a cost.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost; null for records, and for entries that name none.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- users_with_cost: People with a cost in the currency; API keys are none (count).
-- records_with_cost: Usage records with a cost in the currency (count).
-- model_entries: Entries of models, whose costs and tokens these are (count).
-- records: All usage records; in the row without a currency alone (count).
with

activity as (

    select * from user_activity_daily

),

costs as (

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        sum(estimated_cost) as estimated_cost,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_creation_tokens) as cache_creation_tokens,
        count(distinct case
            when estimated_cost is not null and actor_type = 'user_actor'
                then nullif(actor, 'unknown')
        end) as users_with_cost,
        sum(records_with_cost) as records_with_cost,
        sum(model_entries) as model_entries

    from activity
    where model_entries > 0
    group by account, organization_id, date, customer_type, currency

),

recorded as (

    select
        account,
        organization_id,
        date,
        customer_type,
        sum(records) as records

    from activity
    where records > 0
    group by account, organization_id, date, customer_type

),

-- A union and no joins, since an organisation may be null.
parts as (

    select
        *,
        0 as records

    from costs

    union all

    select
        account,
        organization_id,
        date,
        customer_type,
        null as currency,
        null as estimated_cost,
        null as input_tokens,
        null as output_tokens,
        null as cache_read_tokens,
        null as cache_creation_tokens,
        0 as users_with_cost,
        0 as records_with_cost,
        0 as model_entries,
        records

    from recorded

),

summed as (

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens,
        cast(sum(users_with_cost) as bigint) as users_with_cost,
        cast(sum(records_with_cost) as bigint) as records_with_cost,
        cast(sum(model_entries) as bigint) as model_entries,
        cast(sum(records) as bigint) as records

    from parts
    group by account, organization_id, date, customer_type, currency

)

select * from summed
