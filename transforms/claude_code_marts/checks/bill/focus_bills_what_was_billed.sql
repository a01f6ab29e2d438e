-- Claim: BilledCost of focus_1_2 is the bill, and x_EstimatedCost the estimate.
with

charges as (

    select * from focus_1_2

),

items as (

    select * from stg_cost_items

),

usage as (

    select * from stg_model_usage
    where currency is not null

),

amounts as (

    select
        account,
        billed_cost as billed,
        0 as estimated

    from items

    union all

    select
        account,
        0 as billed,
        estimated_cost as estimated

    from usage

    union all

    select
        "x_Account" as account,
        -"BilledCost" as billed,
        -"x_EstimatedCost" as estimated

    from charges

),

summed as (

    select
        account,
        sum(billed) as billed_left,
        sum(estimated) as estimated_left

    from amounts
    group by account
    having sum(billed) <> 0 or sum(estimated) <> 0

)

select * from summed
