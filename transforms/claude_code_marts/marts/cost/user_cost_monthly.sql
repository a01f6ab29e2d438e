-- One row per account, organization_id, month, actor_type, actor, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- active_days: UTC days with any record, whatever the currency (count).
-- cost_per_active_day: Cost / active days, in units of the currency, to 6 places.
-- cost_share: Share in the organisation's month, customer type and currency, 0 to 1.
with

daily as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from user_cost_daily

),

-- `active_day` counts a day once, whatever its currencies. A day without costs or tokens
-- joins the actor's first currency of the month, as it has none of its own.
placed as (

    select
        *,
        dense_rank() over (
            partition by
                account, organization_id, month, actor_type, actor, customer_type
            order by date
        ) as active_day,
        coalesce(currency, case
            when estimated_cost is null and coalesce(
                input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens
            ) is null then min(currency) over (
                partition by
                    account, organization_id, month, actor_type, actor, customer_type
            )
        end) as place

    from daily

),

monthly as (

    select
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        place as currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens,
        max(max(active_day)) over (
            partition by
                account, organization_id, month, actor_type, actor, customer_type
        ) as active_days

    from placed
    group by account, organization_id, month, actor_type, actor, customer_type, place

),

-- Ratios are doubles of six places. Shares are per customer type, because adding billed
-- and unbilled cost means nothing.
divided as (

    select
        *,
        round(
            1e6 * cast(estimated_cost as double) / active_days
        ) / 1e6 as cost_per_active_day,
        round(1e6 * cast(estimated_cost as double) / nullif(sum(estimated_cost) over (
            partition by account, organization_id, month, customer_type, currency
        ), 0)) / 1e6 as cost_share

    from monthly

)

select * from divided
