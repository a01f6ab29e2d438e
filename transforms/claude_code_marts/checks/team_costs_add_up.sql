-- Claim: costs of teams add up to those of users, and their cents to the rounded total.
with

-- Zeros instead of nulls: Postgres types a column of nulls as text.
parts as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        estimated_cost as team_cost,
        cost_cents,
        0 as user_cost

    from team_cost_monthly

    union all

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        0 as team_cost,
        0 as cost_cents,
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
        sum(team_cost) as team_cost,
        sum(cost_cents) as cost_cents,
        sum(user_cost) as user_cost

    from parts
    group by account, organization_id, month, customer_type, currency

),

unequal as (

    select * from sums
    where
        team_cost <> user_cost
        or cost_cents <> round(user_cost * 100)

)

select * from unequal
