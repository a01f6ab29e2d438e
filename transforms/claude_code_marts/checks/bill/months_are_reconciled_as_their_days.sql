-- Claim: cost_reconciliation_monthly costs as much as cost_reconciliation_daily.
with

days as (

    select * from cost_reconciliation_daily

),

months as (

    select * from cost_reconciliation_monthly

),

amounts as (

    select
        account,
        part,
        estimated_cost,
        billed_cost,
        cost_difference

    from days

    union all

    select
        account,
        part,
        -estimated_cost as estimated_cost,
        -billed_cost as billed_cost,
        -cost_difference as cost_difference

    from months

),

summed as (

    select
        account,
        part,
        sum(estimated_cost) as estimated_cost_left,
        sum(billed_cost) as billed_cost_left,
        sum(cost_difference) as cost_difference_left

    from amounts
    group by account, part
    having
        sum(estimated_cost) <> 0
        or sum(billed_cost) <> 0
        or sum(cost_difference) <> 0

)

select * from summed
