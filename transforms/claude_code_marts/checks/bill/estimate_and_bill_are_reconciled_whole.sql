-- Claim: the parts of cost_reconciliation_daily add up to the estimate and to the bill.
with

reconciled as (

    select * from cost_reconciliation_daily

),

report_days as (

    select * from stg_report_days

),

usage as (

    select * from stg_model_usage
    where customer_type = 'api'

),

items as (

    select * from stg_cost_items

),

-- Days that were not fetched whole are left out, as in cost_reconciliation_daily.
amounts as (

    select
        usage.account,
        usage.date,
        usage.estimated_cost as estimated,
        0 as billed

    from usage
    inner join report_days
        on usage.account = report_days.account
        and usage.date = report_days.date
        and report_days.report = 'claude_code'

    union all

    select
        items.account,
        items.date,
        0 as estimated,
        items.billed_cost as billed

    from items
    inner join report_days
        on items.account = report_days.account
        and items.date = report_days.date
        and report_days.report = 'cost_report'

    union all

    select
        account,
        date,
        -estimated_cost as estimated,
        -billed_cost as billed

    from reconciled

),

summed as (

    select
        account,
        date,
        sum(estimated) as estimated_left,
        sum(billed) as billed_left

    from amounts
    group by account, date
    having sum(estimated) <> 0 or sum(billed) <> 0

)

select * from summed
