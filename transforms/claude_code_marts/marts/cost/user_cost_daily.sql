-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
with

activity as (

    select * from user_activity_daily

),

-- Proposals that lost their record cost nothing, and prove no use.
costs as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from activity
    where model_entries > 0 or records > 0

)

select * from costs
