-- Claim: owner_cost_daily and owner_cost_monthly cost as much as user_cost_daily.
with

users as (

    select
        account,
        currency,
        sum(estimated_cost) as estimated_cost

    from user_cost_daily
    group by account, currency

),

owners as (

    select
        account,
        currency,
        sum(estimated_cost) as estimated_cost

    from owner_cost_daily
    group by account, currency

),

months as (

    select
        account,
        currency,
        sum(estimated_cost) as estimated_cost

    from owner_cost_monthly
    group by account, currency

),

different as (

    select
        users.account,
        users.currency,
        users.estimated_cost,
        owners.estimated_cost as of_owners,
        months.estimated_cost as of_months

    from users
    left join owners
        on users.account = owners.account
        and users.currency is not distinct from owners.currency
    left join months
        on users.account = months.account
        and users.currency is not distinct from months.currency
    where
        users.estimated_cost is distinct from owners.estimated_cost
        or users.estimated_cost is distinct from months.estimated_cost

)

select * from different
