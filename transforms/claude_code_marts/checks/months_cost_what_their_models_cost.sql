-- Claim: an organisation's month costs what its days cost, and what its models cost.
with

parts as (

    select
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        customer_type,
        currency,
        estimated_cost as day_cost,
        0 as model_cost

    from org_cost_daily

    union all

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        0 as day_cost,
        estimated_cost as model_cost

    from model_mix_monthly

),

sums as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        coalesce(sum(day_cost), 0) as day_cost,
        coalesce(sum(model_cost), 0) as model_cost

    from parts
    group by account, organization_id, month, customer_type, currency

),

unequal as (

    select * from sums
    where day_cost <> model_cost

)

select * from unequal
