-- One row per account, organization_id, date, model, customer_type and currency.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- model: Model name.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- users: Distinct pairs of actor_type and actor that used the model (count).
with

model_usage as (

    select * from stg_model_usage

),

by_model as (

    select
        account,
        organization_id,
        date,
        model,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens,
        -- distinct pairs of type and actor; the type's length keeps them apart
        count(
            distinct cast(length(actor_type) as varchar) || ' ' || actor_type || actor
        ) as users

    from model_usage
    group by account, organization_id, date, model, customer_type, currency

)

select * from by_model
