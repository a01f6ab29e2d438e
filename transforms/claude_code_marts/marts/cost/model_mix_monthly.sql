-- One row per account, organization_id, month, customer_type, currency and model.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- model: Model name.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- cost_share: Share in the organisation's month, type and currency, 0 to 1; null if that is not over 0.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- cache_read_share: Share of input read from the cache, 0 to 1; high by long sessions as by thrift.
-- blended_cost_per_million_output: All cost / output, in units of the currency; no price.
-- users: People that used the model; they do not add up over rows (count).
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the month is final.
with

models as (

    select * from model_spend_monthly

),

coverage as (

    select * from month_days

),

covered as (

    select
        models.account,
        models.organization_id,
        models.month,
        models.customer_type,
        models.currency,
        models.model,
        models.estimated_cost,
        models.cost_share,
        models.input_tokens,
        models.output_tokens,
        models.cache_read_tokens,
        models.cache_creation_tokens,
        models.cache_read_share,
        models.blended_cost_per_million_output,
        models.users,
        coalesce(coverage.days_complete, 0) as days_complete,
        coverage.days_missing,
        coalesce(coverage.days_provisional, 0) as days_provisional,
        coalesce(coverage.is_complete, false) as is_complete

    from models
    left join coverage
        on models.account = coverage.account
        and models.month = coverage.month

)

select * from covered
