-- One row per account, organization_id, month, part, model and currency: the days' sums.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- part: sign_in is compared. api_key has no bill of its own, elsewhere no estimate.
-- model: Model name, as each report has it; null for items of the bill without one.
-- currency: Currency of all costs of the row, as in USD; null where none was named.
-- estimated_tokens: Tokens of the usage report, of all kinds (count).
-- metered_tokens: Tokens of the token report, of all kinds (count).
-- estimated_cost: At list prices, in units of the currency, to 12 places.
-- billed_cost: After discounts, before credits, in units of the currency, to 12 places.
-- billed_extras: The part of it that is not for tokens, in units of the currency.
-- cost_difference: Billed minus estimated of the compared days, in units of the currency.
-- days: UTC days with a row (count).
-- days_compared: Those of them with an estimate and a bill to compare (count).
-- days_tokens_agree: Those with the same tokens of all four kinds in both (count).
-- days_different: Compared days with a difference (count).
-- reason: The reason of the days that have one if it is the same, else several; else null.
-- is_final: True when every one of these days is final in all loaded reports.
-- days_complete: Days of the month whose usage report is final (count).
-- days_missing: Days without a usage report, up to the last with one (count); null in a month of none.
-- days_provisional: Days of the month whose usage report may still change (count).
-- is_complete: True when the usage report of every day of the month is final, whatever the bill.
with

days as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from cost_reconciliation_daily

),

coverage as (

    select * from month_days

),

summed as (

    select
        account,
        organization_id,
        month,
        part,
        model,
        currency,
        cast(sum(estimated_tokens) as bigint) as estimated_tokens,
        cast(sum(metered_tokens) as bigint) as metered_tokens,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(billed_cost) as decimal(38, 12)) as billed_cost,
        cast(sum(billed_extras) as decimal(38, 12)) as billed_extras,
        cast(sum(cost_difference) as decimal(38, 12)) as cost_difference,
        count(*) as days,
        count(cost_difference) as days_compared,
        count(case when tokens_agree then 1 end) as days_tokens_agree,
        count(case when cost_difference <> 0 then 1 end) as days_different,
        case
            when count(distinct reason) > 1 then 'several' else min(reason)
        end as reason,
        count(case when not is_final then 1 end) = 0 as is_final

    from days
    group by account, organization_id, month, part, model, currency

),

covered as (

    select
        summed.account,
        summed.organization_id,
        summed.month,
        summed.part,
        summed.model,
        summed.currency,
        summed.estimated_tokens,
        summed.metered_tokens,
        summed.estimated_cost,
        summed.billed_cost,
        summed.billed_extras,
        summed.cost_difference,
        summed.days,
        summed.days_compared,
        summed.days_tokens_agree,
        summed.days_different,
        summed.reason,
        summed.is_final,
        coalesce(coverage.days_complete, 0) as days_complete,
        coverage.days_missing,
        coalesce(coverage.days_provisional, 0) as days_provisional,
        coalesce(coverage.is_complete, false) as is_complete

    from summed
    left join coverage
        on summed.account = coverage.account
        and summed.month = coverage.month

)

select * from covered
