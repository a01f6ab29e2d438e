-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
-- materialised = true
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

usage as (

    select * from stg_usage

),

model_usage as (

    select * from stg_model_usage

),

costs as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens

    from model_usage
    group by
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency

),

-- Actors without any model entry that day. This is a set operation because it treats
-- nulls as equal; a join would not.
costless as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type

    from usage

    except

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type

    from costs

),

-- A cost that was not reported is unknown: null, not zero.
everyone as (

    select * from costs

    union all

    select
        *,
        null as currency,
        cast(null as decimal(38, 12)) as estimated_cost,
        null as input_tokens,
        null as output_tokens,
        null as cache_read_tokens,
        null as cache_creation_tokens

    from costless

)

select * from everyone
