-- One row per account, organization_id, month, actor_type, actor, customer_type and currency.
-- materialised = month
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
-- cost_share: Share in the organisation's month, type and currency, 0 to 1; null if that is not over 0.
with

activity as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from user_activity_daily
    where model_entries > 0 or records > 0

),

-- Of an actor's day one row has activity, so each day counts once.
monthly as (

    select
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        currency,
        sum(estimated_cost) as estimated_cost,
        sum(input_tokens) as input_tokens,
        sum(output_tokens) as output_tokens,
        sum(cache_read_tokens) as cache_read_tokens,
        sum(cache_creation_tokens) as cache_creation_tokens,
        count(case when has_activity then 1 end) as active_days

    from activity
    group by
        account, organization_id, month, actor_type, actor, customer_type, currency

),

-- Days without costs or tokens have no currency of their own: they join the actor's first
-- currency of the month.
placed as (

    select
        *,
        coalesce(currency, case
            when estimated_cost is null and coalesce(
                input_tokens, output_tokens, cache_read_tokens, cache_creation_tokens
            ) is null then min(currency) over (
                partition by
                    account, organization_id, month, actor_type, actor, customer_type
            )
        end) as place

    from monthly

),

summed as (

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
        cast(sum(sum(active_days)) over (
            partition by
                account, organization_id, month, actor_type, actor, customer_type
        ) as bigint) as active_days

    from placed
    group by account, organization_id, month, actor_type, actor, customer_type, place

),

-- Ratios are doubles of six places. Shares are per customer type, because adding billed
-- and unbilled cost means nothing. Refunds may leave nothing, or less, to share.
divided as (

    select
        summed.*,
        round(
            1e6 * cast(summed.estimated_cost as double) / nullif(summed.active_days, 0)
        ) / 1e6 as cost_per_active_day,
        round(
            1e6 * cast(summed.estimated_cost as double)
            / nullif(greatest(sum(summed.estimated_cost) over (
                partition by
                    summed.account,
                    summed.organization_id,
                    summed.month,
                    summed.customer_type,
                    summed.currency
            ), 0), 0)
        ) / 1e6 as cost_share

    from summed

)

select * from divided
