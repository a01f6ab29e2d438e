-- Claim: raw costs, each rounded to 12 places, add up to the costs by user and by model.
with

-- Zeros instead of nulls: Postgres types a column of nulls as text.
parts as (

    select
        estimated_cost__currency as currency,
        round(estimated_cost__amount, 10) * cast('0.01' as decimal(2, 2)) as raw_cost,
        0 as user_day_cost,
        0 as user_month_cost,
        0 as model_cost

    from claude_code.usage_report__model_breakdown

    union all

    select currency, 0, estimated_cost, 0, 0 from user_cost_daily

    union all

    select currency, 0, 0, estimated_cost, 0 from user_cost_monthly

    union all

    select currency, 0, 0, 0, estimated_cost from model_cost_daily

),

sums as (

    select
        currency,
        sum(raw_cost) as raw_cost,
        sum(user_day_cost) as user_day_cost,
        sum(user_month_cost) as user_month_cost,
        sum(model_cost) as model_cost

    from parts
    group by currency

),

unequal as (

    select * from sums
    where
        raw_cost <> user_day_cost
        or raw_cost <> user_month_cost
        or raw_cost <> model_cost

)

select * from unequal
