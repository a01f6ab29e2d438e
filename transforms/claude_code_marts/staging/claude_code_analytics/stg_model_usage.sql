-- One row per model_usage_id: tokens and cost of a record's model entry, by actor.
--
-- model_usage_id: Id of the model entry; equal content has an equal id in every fetch.
-- usage_id: usage_id of the record in stg_usage that the entry belongs to.
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- model: Model name.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
with

entries as (

    select * from claude_code.usage_report__model_breakdown

),

usage as (

    select * from stg_usage

),

-- An entry has at most one record, so this join multiplies no rows. An entry
-- whose record is missing keeps its cost.
joined as (

    select
        entries._dlt_id as model_usage_id,
        entries._dlt_parent_id as usage_id,
        entries.account,
        entries.organization_id,
        entries.date,
        coalesce(usage.actor_type, 'unknown') as actor_type,
        coalesce(usage.actor, 'unknown') as actor,
        coalesce(usage.customer_type, 'unknown') as customer_type,
        entries.model,
        entries.estimated_cost__currency as currency,
        -- cents to currency, rounded only here: ten places of cents are twelve places
        -- of currency; a product with all 24 places would overflow DuckDB's decimal
        cast(
            round(entries.estimated_cost__amount, 10)
            * cast('0.01' as decimal(2, 2)) as decimal(38, 12)
        ) as estimated_cost,
        entries.tokens__input as input_tokens,
        entries.tokens__output as output_tokens,
        entries.tokens__cache_read as cache_read_tokens,
        entries.tokens__cache_creation as cache_creation_tokens

    from entries
    left join usage
        on entries._dlt_parent_id = usage.usage_id

)

select * from joined
