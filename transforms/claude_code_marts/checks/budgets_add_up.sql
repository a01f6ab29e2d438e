-- Claim: a budget of all or of an account counts what month_forecast has of its month.
with

budgets as (

    select * from budget_status
    where scope in ('organisation', 'account') and spent is not null

),

months as (

    select
        account,
        month,
        currency,
        customer_type,
        sum(estimated_cost) as cost,
        sum(forecast) as forecast,
        count(*) - count(forecast) as without_forecast

    from month_forecast
    group by account, month, currency, customer_type

),

compared as (

    select
        budgets.line,
        budgets.spent,
        budgets.forecast,
        coalesce(sum(months.cost), 0) as cost,
        sum(months.forecast) as month_forecast,
        sum(months.without_forecast) as without_forecast

    from budgets
    left join months
        on budgets.month = months.month
        and budgets.currency = months.currency
        and (budgets.scope = 'organisation' or budgets.name = months.account)
        and (budgets.basis = 'all' or budgets.basis = months.customer_type)
    group by budgets.line, budgets.spent, budgets.forecast

),

-- There is no forecast while an account lacks that others have.
unequal as (

    select * from compared
    where
        spent <> cost
        or (without_forecast = 0 and forecast <> month_forecast)

)

select * from unequal
