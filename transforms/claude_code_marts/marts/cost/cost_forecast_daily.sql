-- One row per account, organization_id, date, customer_type and currency.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the running month, that of the last day of any account; also to come.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- month: First UTC day of the running month.
-- day_state: complete, provisional, missing (not fetched) or to come.
-- estimated_cost: Cost so far in units of the currency, to 12 places; 0 where not fetched.
-- expected_cost: Mean of the weekday, in units of the currency; null with too little history.
-- days_of_history: Complete days among the 28 up to as_of that the means are of (count).
-- as_of: Last UTC day of the account that is final; null before there is one.
with

calendar as (

    select * from forecast_days

),

history as (

    select * from forecast_history

),

costs as (

    select * from org_spend_daily
    where estimated_cost is not null

),

histories as (

    select distinct
        account,
        organization_id,
        days_of_history,
        is_enough

    from history

),

-- Six places leave the product room.
means as (

    select
        costs.account,
        costs.organization_id,
        costs.customer_type,
        costs.currency,
        history.weekday,
        round(
            cast(round(sum(costs.estimated_cost), 6) as decimal(38, 6)) * history.share,
            6
        ) as expected_cost

    from costs
    inner join history
        on costs.account = history.account
        and costs.organization_id is not distinct from history.organization_id
        and costs.date = history.date
    group by
        costs.account,
        costs.organization_id,
        costs.customer_type,
        costs.currency,
        history.weekday,
        history.share

),

-- What was spent, and what was expected, on the same day.
sides as (

    select
        account,
        organization_id,
        date,
        customer_type,
        currency,
        estimated_cost,
        0 as expected_cost

    from costs

    union all

    select
        means.account,
        means.organization_id,
        calendar.date,
        means.customer_type,
        means.currency,
        0 as estimated_cost,
        means.expected_cost

    from means
    inner join calendar
        on means.account = calendar.account
        and means.weekday = calendar.weekday

),

forecast as (

    select
        sides.account,
        sides.organization_id,
        sides.date,
        sides.customer_type,
        sides.currency,
        calendar.month,
        calendar.day_state,
        cast(sum(sides.estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(
            case when histories.is_enough then sum(sides.expected_cost) end
            as decimal(38, 12)
        ) as expected_cost,
        coalesce(histories.days_of_history, 0) as days_of_history,
        calendar.as_of

    from sides
    inner join calendar
        on sides.account = calendar.account
        and sides.date = calendar.date
    left join histories
        on sides.account = histories.account
        and sides.organization_id is not distinct from histories.organization_id
    group by
        sides.account,
        sides.organization_id,
        sides.date,
        sides.customer_type,
        sides.currency,
        calendar.month,
        calendar.day_state,
        histories.is_enough,
        histories.days_of_history,
        calendar.as_of

)

select * from forecast
