-- One row per account, organization_id, date, customer_type and currency.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day fetched whole, from the first cost in the currency on, or with usage.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null before one was ever reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- users_with_cost: People with a cost in the currency; API keys are none (count).
-- records_with_cost: Usage records with a cost in the currency (count).
-- records: All usage records; in one currency's row alone, so that they add up (count).
-- cost_7_days: Cost of 7 days to this one, units of the currency; null if one is missing.
-- cost_28_days: Cost of 28 days to this one, units of the currency; null if one is missing.
with

fetched as (

    select * from fetched_days

),

spend as (

    select * from org_spend_daily

),

costs as (

    select * from spend
    where model_entries > 0

),

recorded as (

    select * from spend
    where records > 0

),

kinds as (

    select
        account,
        organization_id,
        customer_type,
        currency,
        min(date) as first_date

    from costs
    where currency is not null
    group by account, organization_id, customer_type, currency

),

-- A union and no joins, since an organisation may be null.
parts as (

    select
        kinds.account,
        kinds.organization_id,
        fetched.date,
        kinds.customer_type,
        kinds.currency,
        cast(0 as decimal(38, 12)) as estimated_cost,
        0 as input_tokens,
        0 as output_tokens,
        0 as cache_read_tokens,
        0 as cache_creation_tokens,
        0 as users_with_cost,
        0 as records_with_cost,
        0 as records,
        fetched.days_in_7,
        fetched.days_in_28

    from kinds
    inner join fetched
        on kinds.account = fetched.account
        and kinds.first_date <= fetched.date

    union all

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens,
        users_with_cost,
        records_with_cost,
        0 as records,
        0 as days_in_7,
        0 as days_in_28

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
        records,
        0 as days_in_7,
        0 as days_in_28

    from recorded

),

-- Records have no currency: they go with the day's first one, so that they count once.
placed as (

    select
        *,
        case when records > 0 then min(currency) over (
            partition by account, organization_id, date, customer_type
        ) else currency end as place

    from parts

),

daily as (

    select
        account,
        organization_id,
        date,
        date_diff('day', date '1970-01-01', date) as day_number,
        customer_type,
        place as currency,
        sum(estimated_cost) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens,
        cast(sum(users_with_cost) as bigint) as users_with_cost,
        cast(sum(records_with_cost) as bigint) as records_with_cost,
        cast(sum(records) as bigint) as records,
        max(days_in_7) as days_in_7,
        max(days_in_28) as days_in_28

    from placed
    group by account, organization_id, date, customer_type, place

),

-- Of days, not of rows: a day may be missing.
windowed as (

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        cast(estimated_cost as decimal(38, 12)) as estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens,
        users_with_cost,
        records_with_cost,
        records,
        cast(case when days_in_7 = 7 then sum(estimated_cost) over (
            partition by account, organization_id, customer_type, currency
            order by day_number nulls first
            range between 6 preceding and current row
        ) end as decimal(38, 12)) as cost_7_days,
        cast(case when days_in_28 = 28 then sum(estimated_cost) over (
            partition by account, organization_id, customer_type, currency
            order by day_number nulls first
            range between 27 preceding and current row
        ) end as decimal(38, 12)) as cost_28_days

    from daily

)

select * from windowed
