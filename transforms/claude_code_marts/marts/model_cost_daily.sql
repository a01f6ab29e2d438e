-- One row per account, organization_id, date, model, customer_type and currency.
with

model_usage as (

    select * from stg_model_usage

),

-- A user is a pair that may hold nulls, which count(distinct) would leave out.
users_of_each as (

    select distinct
        account,
        organization_id,
        date,
        model,
        customer_type,
        currency,
        actor_type,
        actor

    from model_usage

),

counted as (

    select
        account,
        organization_id,
        date,
        model,
        customer_type,
        currency,
        count(*) as users

    from users_of_each
    group by account, organization_id, date, model, customer_type, currency

),

-- Not of the users' sums: to sum by user costs more than to read all a second time.
summed as (

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
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens

    from model_usage
    group by account, organization_id, date, model, customer_type, currency

),

-- Account and date are never null and let every engine hash the join; the rest may be
-- null on both sides.
by_model as (

    select
        summed.account,
        summed.organization_id,
        summed.date,
        summed.model,
        summed.customer_type,
        summed.currency,
        summed.estimated_cost,
        summed.input_tokens,
        summed.output_tokens,
        summed.cache_read_tokens,
        summed.cache_creation_tokens,
        counted.users

    from summed
    inner join counted
        on summed.account = counted.account
        and summed.date = counted.date
        and summed.organization_id is not distinct from counted.organization_id
        and summed.model is not distinct from counted.model
        and summed.customer_type is not distinct from counted.customer_type
        and summed.currency is not distinct from counted.currency

)

select * from by_model
