-- Claim: an organisation's day costs what its users cost, in both views of users.
with

-- Zeros instead of nulls: Postgres types a column of nulls as text.
parts as (

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        estimated_cost as day_cost,
        0 as user_cost,
        0 as wide_cost

    from org_cost_daily

    union all

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        0 as day_cost,
        estimated_cost as user_cost,
        0 as wide_cost

    from user_cost_daily

    union all

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        0 as day_cost,
        0 as user_cost,
        estimated_cost as wide_cost

    from user_daily

),

sums as (

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        coalesce(sum(day_cost), 0) as day_cost,
        coalesce(sum(user_cost), 0) as user_cost,
        coalesce(sum(wide_cost), 0) as wide_cost

    from parts
    group by account, organization_id, date, customer_type, currency

),

unequal as (

    select * from sums
    where
        day_cost <> user_cost
        or day_cost <> wide_cost

)

select * from unequal
