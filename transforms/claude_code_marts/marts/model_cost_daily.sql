-- One row per account, organization_id, date, model, customer_type and currency.
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
        -- a user is a type and a name; the length tells where the one ends
        count(distinct
            cast(length(actor_type) as varchar) || ' ' || actor_type || actor
        ) as users

    from model_usage
    group by account, organization_id, date, model, customer_type, currency

)

select * from by_model
