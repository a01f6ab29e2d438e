-- One row per account, organization_id, month, customer_type, currency and model.
-- materialised = month
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- model: Model name.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- cost_share: Share in the organisation's month, type and currency, 0 to 1; null if that is not over 0.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- cache_read_share: Share of input read from the cache, 0 to 1; high by long sessions as by thrift.
-- blended_cost_per_million_output: All cost / output, in units of the currency; no price.
-- users: People that used the model; they do not add up over rows (count).
with

costs as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from model_cost_daily

),

model_usage as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from stg_model_usage
    where actor_type = 'user_actor' and actor <> 'unknown'

),

-- People do not add up over days, so they are counted in the entries. A hash table finds
-- them sooner than the sort of a count(distinct).
people as (

    select distinct
        account,
        organization_id,
        month,
        customer_type,
        currency,
        model,
        actor

    from model_usage

),

counted as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        model,
        count(*) as users

    from people
    group by account, organization_id, month, customer_type, currency, model

),

-- A union and no join: null is a value like any other.
parts as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        model,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens,
        0 as users

    from costs

    union all

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        model,
        null as estimated_cost,
        null as input_tokens,
        null as output_tokens,
        null as cache_read_tokens,
        null as cache_creation_tokens,
        users

    from counted

),

monthly as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        model,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens,
        cast(sum(users) as bigint) as users

    from parts
    group by account, organization_id, month, customer_type, currency, model

),

totalled as (

    select
        *,
        sum(estimated_cost) over (
            partition by account, organization_id, month, customer_type, currency
        ) as total,
        coalesce(input_tokens, 0)
        + coalesce(cache_creation_tokens, 0)
        + coalesce(cache_read_tokens, 0) as all_input_tokens

    from monthly

),

-- Refunds may leave nothing, or less, to share.
mixed as (

    select
        totalled.account,
        totalled.organization_id,
        totalled.month,
        totalled.customer_type,
        totalled.currency,
        totalled.model,
        totalled.estimated_cost,
        round(
            1e6 * cast(totalled.estimated_cost as double)
            / case when totalled.total > 0 then totalled.total end
        ) / 1e6 as cost_share,
        totalled.input_tokens,
        totalled.output_tokens,
        totalled.cache_read_tokens,
        totalled.cache_creation_tokens,
        round(
            1e6 * cast(totalled.cache_read_tokens as double)
            / nullif(totalled.all_input_tokens, 0)
        ) / 1e6 as cache_read_share,
        round(
            1e12 * cast(totalled.estimated_cost as double)
            / nullif(totalled.output_tokens, 0)
        ) / 1e6 as blended_cost_per_million_output,
        totalled.users

    from totalled

)

select * from mixed
