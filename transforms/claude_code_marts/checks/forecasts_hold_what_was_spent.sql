-- Claim: a forecast is no less than what was spent, where no cost is negative.
with

forecasts as (

    select * from month_forecast

),

refunded as (

    select distinct account from stg_model_usage
    where estimated_cost < 0

),

too_low as (

    select
        forecasts.account,
        forecasts.organization_id,
        forecasts.month,
        forecasts.customer_type,
        forecasts.currency,
        forecasts.estimated_cost,
        forecasts.forecast

    from forecasts
    left join refunded
        on forecasts.account = refunded.account
    where
        forecasts.forecast < forecasts.estimated_cost
        and refunded.account is null

)

select * from too_low
