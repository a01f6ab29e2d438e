-- Claim: a forecast is no less than what was spent, where no cost is negative.
with

refunded as (

    select distinct account from stg_model_usage
    where estimated_cost < 0

),

too_low as (

    select
        month_forecast.account,
        month_forecast.organization_id,
        month_forecast.month,
        month_forecast.customer_type,
        month_forecast.currency,
        month_forecast.estimated_cost,
        month_forecast.forecast

    from month_forecast
    left join refunded
        on month_forecast.account = refunded.account
    where
        month_forecast.forecast < month_forecast.estimated_cost
        and refunded.account is null

)

select * from too_low
