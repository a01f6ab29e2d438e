-- One row per account, organization_id, month, customer_type and currency: spent, expected.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- estimated_cost: Cost so far in units of the currency, to 12 places.
-- forecast: Cost of the whole month in units of the currency; null if past or too early.
-- days_of_history: Complete days of the last 28 that forecast is made from (count); 0 if past.
-- as_of: Last UTC day of the account that is final; null before there is one.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the calendar month is final.
with

costs_of_days as (

    select * from org_spend_daily

),

coverage as (

    select * from month_days

),

last_days as (

    select
        account,
        max(as_of) as as_of

    from fetched_days
    group by account

),

days as (

    select * from cost_forecast_daily

),

-- A complete day counts what it cost. A provisional one may grow: it counts what is
-- expected, but no less than it cost already. Missing days and days to come count what
-- is expected.
forecasts as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        max(days_of_history) as days_of_history,
        case when count(*) = count(expected_cost) then sum(
            case
                when day_state = 'complete' then estimated_cost
                when day_state = 'provisional' and estimated_cost > expected_cost
                    then estimated_cost
                else expected_cost
            end
        ) end as forecast

    from days
    group by account, organization_id, month, customer_type, currency

),

spent as (

    select
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        customer_type,
        currency,
        sum(estimated_cost) as estimated_cost

    from costs_of_days
    where estimated_cost is not null
    group by
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date),
        customer_type,
        currency

),

-- A month may begin with a forecast and no cost yet.
parts as (

    select
        *,
        cast(null as decimal(38, 12)) as forecast,
        0 as days_of_history

    from spent

    union all

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        0 as estimated_cost,
        forecast,
        days_of_history

    from forecasts

),

months as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(max(forecast) as decimal(38, 12)) as forecast,
        max(days_of_history) as days_of_history

    from parts
    group by account, organization_id, month, customer_type, currency

),

covered as (

    select
        months.account,
        months.organization_id,
        months.month,
        months.customer_type,
        months.currency,
        months.estimated_cost,
        months.forecast,
        months.days_of_history,
        last_days.as_of,
        coalesce(coverage.days_complete, 0) as days_complete,
        coverage.days_missing,
        coalesce(coverage.days_provisional, 0) as days_provisional,
        coalesce(coverage.is_complete, false) as is_complete

    from months
    left join last_days
        on months.account = last_days.account
    left join coverage
        on months.account = coverage.account
        and months.month = coverage.month

)

select * from covered
