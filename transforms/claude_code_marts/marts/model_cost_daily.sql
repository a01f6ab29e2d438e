-- One row per account, organization_id, date, model, customer_type and currency.
with

model_usage as (

    select * from stg_model_usage

),

-- First by user, so that users can be counted by a pair that may hold nulls.
by_user as (

    select
        account,
        organization_id,
        date,
        model,
        customer_type,
        currency,
        actor_type,
        actor,
        sum(estimated_cost) as estimated_cost,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_creation_tokens) as cache_creation_tokens

    from model_usage
    group by
        account,
        organization_id,
        date,
        model,
        customer_type,
        currency,
        actor_type,
        actor

),

by_model as (

    select
        account,
        organization_id,
        date,
        model,
        customer_type,
        currency,
        sum(estimated_cost) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens,
        count(*) as users

    from by_user
    group by account, organization_id, date, model, customer_type, currency

)

select * from by_model
