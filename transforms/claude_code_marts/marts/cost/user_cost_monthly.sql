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
-- active_days: UTC days with any record, whatever the currency (count); one record is enough.
-- cost_per_active_day: Cost / active days, in units of the currency, to 6 places.
-- cost_share: Share in the organisation's month, type and currency, 0 to 1; null if that is not over 0.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the calendar month is final.
with

spend as (

    select * from user_spend_monthly

),

coverage as (

    select * from month_days

),

covered as (

    select
        spend.account,
        spend.organization_id,
        spend.month,
        spend.actor_type,
        spend.actor,
        spend.customer_type,
        spend.currency,
        spend.estimated_cost,
        spend.input_tokens,
        spend.output_tokens,
        spend.cache_read_tokens,
        spend.cache_creation_tokens,
        spend.active_days,
        spend.cost_per_active_day,
        spend.cost_share,
        coalesce(coverage.days_complete, 0) as days_complete,
        coverage.days_missing,
        coalesce(coverage.days_provisional, 0) as days_provisional,
        coalesce(coverage.is_complete, false) as is_complete

    from spend
    left join coverage
        on spend.account = coverage.account
        and spend.month = coverage.month

)

select * from covered
