-- Claim: costs by user and day, by user and month and by model add up to the raw ones.
with

-- Noughts and no nulls: Postgres takes a column of nulls for text.
parts as (

    select
        estimated_cost__currency as currency,
        estimated_cost__amount as raw_cents,
        0 as user_day_cents,
        0 as user_month_cents,
        0 as model_cents

    from claude_code.usage_report__model_breakdown

    union all

    select currency, 0, estimated_cost * 100, 0, 0 from user_cost_daily

    union all

    select currency, 0, 0, estimated_cost * 100, 0 from user_cost_monthly

    union all

    select currency, 0, 0, 0, estimated_cost * 100 from model_cost_daily

),

sums as (

    select
        currency,
        sum(raw_cents) as raw_cents,
        sum(user_day_cents) as user_day_cents,
        sum(user_month_cents) as user_month_cents,
        sum(model_cents) as model_cents

    from parts
    group by currency

),

unequal as (

    select * from sums
    where
        raw_cents <> user_day_cents
        or raw_cents <> user_month_cents
        or raw_cents <> model_cents

)

select * from unequal
