-- One row per scope, name, month, currency and basis: how far a budget is used up.
-- materialised = whole
--
-- scope: organisation (all accounts together), account, team or user.
-- name: Account, team, or user with A to Z in lower case; empty for the organisation.
-- month: First UTC day of the month.
-- currency: Currency of amount, spent and forecast, as in USD.
-- basis: Whose cost counts: all, api (billed by the token) or subscription.
-- amount: Budget of the month in units of the currency, to 12 places.
-- spent: Cost so far, a user's keys too, in units of the currency; null for no_data.
-- share_spent: Spent / amount, 0 to 1 and more, to 6 places; null for an amount of 0.
-- forecast: Whole month, in units of the currency; null if past, too early, or an account lacks.
-- forecast_share: Forecast / amount, 0 to 1 and more, to 6 places; null for 0.
-- state: over, forecast_over, 90 or 80 (per cent spent), ok or no_data; of the days loaded.
-- days_complete: Final days of the month (count), added over accounts, as the next two.
-- days_missing: Days not fetched (count), also of accounts that ended last month; null without a day.
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the month is final in its accounts that have it.
-- line: Number of the line in the budgets file, which is the order to show them in.
with

budgets as (

    select * from stg_budgets

),

calendar as (

    select * from forecast_days

),

history as (

    select * from forecast_history

),

forecasts as (

    select * from cost_forecast_daily

),

expected as (

    select * from budget_forecast_daily

),

known_teams as (

    select team from teams

    union all

    select '(no team)' as team

),

account_months as (

    select * from month_days

),

last_months as (

    select
        account,
        cast(max(month) + interval 1 month as date) as next_month

    from account_months
    group by account

),

-- Where an account has no day of a month after its last one, all are missing that
-- others have got to. In the months after that it counts as gone.
absent as (

    select
        account_months.month,
        last_months.account,
        max(
            account_months.days_complete
            + account_months.days_missing
            + account_months.days_provisional
        ) as days_missing

    from last_months
    inner join account_months
        on last_months.next_month = account_months.month
    group by account_months.month, last_months.account

),

all_accounts as (

    select
        month,
        days_complete,
        days_missing,
        days_provisional,
        is_complete,
        false as is_absent

    from account_months

    union all

    select
        month,
        0 as days_complete,
        days_missing,
        0 as days_provisional,
        false as is_complete,
        true as is_absent

    from absent

),

months as (

    select
        month,
        '' as account,
        cast(sum(days_complete) as bigint) as days_complete,
        cast(sum(days_missing) as bigint) as days_missing,
        cast(sum(days_provisional) as bigint) as days_provisional,
        count(case when is_complete then 1 end) = count(*) as is_complete,
        count(case when is_absent then 1 end) > 0 as has_absent

    from all_accounts
    group by month

    union all

    select
        month,
        account,
        days_complete,
        days_missing,
        days_provisional,
        is_complete,
        false as has_absent

    from account_months

),

-- Postgres looks these months up, and would read all months for a join alone.
first_months as (

    select min(month) as month
    from budgets

),

team_costs as (

    select
        *,
        -- as the files' users are folded
        case
            when lower(actor) = actor then actor  -- noqa: CV09
            else translate(
                actor, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
            )
        end as member

    from user_teams_monthly
    where
        estimated_cost is not null
        and month >= (select first_months.month from first_months)

),

scoped_costs as (

    select
        'organisation' as scope,
        '' as name,
        month,
        currency,
        customer_type,
        estimated_cost

    from team_costs

    union all

    select
        'account' as scope,
        account as name,
        month,
        currency,
        customer_type,
        estimated_cost

    from team_costs

    union all

    select
        'team' as scope,
        team as name,
        month,
        currency,
        customer_type,
        estimated_cost

    from team_costs

    union all

    select
        'user' as scope,
        member as name,
        month,
        currency,
        customer_type,
        estimated_cost

    from team_costs

    union all

    -- of a person's API keys
    select
        'user' as scope,
        owner as name,
        month,
        currency,
        customer_type,
        estimated_cost

    from team_costs
    where owner <> member

),

spent as (

    select
        budgets.line,
        cast(sum(scoped_costs.estimated_cost) as decimal(38, 12)) as spent

    from budgets
    inner join scoped_costs
        on budgets.scope = scoped_costs.scope
        and budgets.name = scoped_costs.name
        and budgets.month = scoped_costs.month
        and budgets.currency = scoped_costs.currency
        and (budgets.basis = 'all' or budgets.basis = scoped_costs.customer_type)
    group by budgets.line

),

scoped_expected as (

    select
        'organisation' as scope,
        '' as name,
        account,
        organization_id,
        date,
        month,
        customer_type,
        currency,
        day_state,
        estimated_cost,
        expected_cost

    from forecasts

    union all

    select
        'account' as scope,
        account as name,
        account,
        organization_id,
        date,
        month,
        customer_type,
        currency,
        day_state,
        estimated_cost,
        expected_cost

    from forecasts

    union all

    select
        scope,
        name,
        account,
        organization_id,
        date,
        month,
        customer_type,
        currency,
        day_state,
        estimated_cost,
        expected_cost

    from expected

),

days as (

    select
        budgets.line,
        scoped_expected.day_state,
        sum(scoped_expected.estimated_cost) as estimated_cost,
        -- null for all actors of an organisation or for none
        sum(scoped_expected.expected_cost) as expected_cost

    from budgets
    inner join scoped_expected
        on budgets.scope = scoped_expected.scope
        and budgets.name = scoped_expected.name
        and budgets.month = scoped_expected.month
        and budgets.currency = scoped_expected.currency
        and (budgets.basis = 'all' or budgets.basis = scoped_expected.customer_type)
    group by
        budgets.line,
        scoped_expected.account,
        scoped_expected.organization_id,
        scoped_expected.date,
        scoped_expected.customer_type,
        scoped_expected.day_state

),

-- As in month_forecast: a complete day counts what it cost, a provisional one what is
-- expected but no less than it cost already, and all others what is expected.
still_to_come as (

    select
        line,
        case when count(*) = count(expected_cost) then sum(
            case
                when day_state = 'complete' then 0
                when day_state = 'provisional' and estimated_cost > expected_cost
                    then 0
                else expected_cost - estimated_cost
            end
        ) end as to_come

    from days
    group by line

),

histories as (

    select distinct
        history.account,
        history.organization_id,
        history.is_enough

    from history

),

-- With enough history, whoever has no cost is expected to have none.
running as (

    select
        calendar.month,
        '' as account,
        count(case when histories.is_enough then 1 end) > 0 as is_forecast

    from calendar
    left join histories
        on calendar.account = histories.account
    group by calendar.month

    union all

    select
        calendar.month,
        calendar.account,
        count(case when histories.is_enough then 1 end) > 0 as is_forecast

    from calendar
    left join histories
        on calendar.account = histories.account
    group by calendar.month, calendar.account

),

known as (

    select
        budgets.*,
        coalesce(months.days_complete, 0) as days_complete,
        months.days_missing,
        coalesce(months.days_provisional, 0) as days_provisional,
        coalesce(months.is_complete, false) as is_complete,
        case
            when months.has_absent then null
            when still_to_come.line is not null then still_to_come.to_come
            when running.is_forecast then 0
        end as to_come,
        case
            when
                months.month is not null
                and (budgets.scope <> 'team' or known_teams.team is not null)
                then coalesce(spent.spent, 0)
        end as spent

    from budgets
    left join months
        on budgets.month = months.month
        and months.account = case
            when budgets.scope = 'account' then budgets.name else ''
        end
    left join known_teams
        on budgets.name = known_teams.team
    left join spent
        on budgets.line = spent.line
    left join still_to_come
        on budgets.line = still_to_come.line
    left join running
        on budgets.month = running.month
        and running.account = case
            when budgets.scope = 'account' then budgets.name else ''
        end

),

measured as (

    select
        scope,
        name,
        month,
        currency,
        basis,
        amount,
        cast(spent as decimal(38, 12)) as spent,
        cast(spent + to_come as decimal(38, 12)) as forecast,
        days_complete,
        days_missing,
        days_provisional,
        is_complete,
        line

    from known

),

-- With an amount of 0 nothing may be spent. Nothing spent is not too much.
judged as (

    select
        scope,
        name,
        month,
        currency,
        basis,
        amount,
        spent,
        round(
            1e6 * cast(spent as double) / nullif(amount, 0)
        ) / 1e6 as share_spent,
        forecast,
        round(
            1e6 * cast(forecast as double) / nullif(amount, 0)
        ) / 1e6 as forecast_share,
        case
            when spent is null then 'no_data'
            when spent >= amount and spent > 0 then 'over'
            when forecast >= amount and forecast > 0 then 'forecast_over'
            when spent * 10 >= amount * 9 and spent > 0 then '90'
            when spent * 10 >= amount * 8 and spent > 0 then '80'
            else 'ok'
        end as state,
        days_complete,
        days_missing,
        days_provisional,
        is_complete,
        line

    from measured

)

select * from judged
