-- Claim: the costs that are divided by units add up to those of users, month by month.
with

parts as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        coalesce(estimated_cost, 0) as unit_cost,
        0 as user_cost

    from unit_cost_monthly

    union all

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        0 as unit_cost,
        coalesce(estimated_cost, 0) as user_cost

    from user_cost_monthly

),

sums as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        sum(unit_cost) as unit_cost,
        sum(user_cost) as user_cost

    from parts
    group by account, organization_id, month, customer_type, currency

),

unequal as (

    select * from sums
    where unit_cost <> user_cost

)

select * from unequal
