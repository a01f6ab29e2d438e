-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- owner: Email of the person: the actor's own, or that of the key's one owner; else null.
-- owner_resolution: Of an API key, as key_owners; unknown for a name no key has; else null.
-- team: Team of the actor that day, else of the owner; (no team) if neither has one.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
with

costs as (

    select * from user_cost_daily

),

owners as (

    select * from stg_actor_owners

),

assigned as (

    select * from user_daily

),

-- The spans of a name do not overlap, so no join multiplies rows.
placed as (

    select
        costs.account,
        costs.organization_id,
        costs.date,
        costs.actor_type,
        costs.actor,
        assigned.owner,
        case
            when costs.actor_type = 'api_actor'
                then coalesce(owners.resolution, 'unknown')
        end as owner_resolution,
        assigned.team,
        costs.customer_type,
        costs.currency,
        costs.estimated_cost,
        costs.input_tokens,
        costs.output_tokens,
        costs.cache_read_tokens,
        costs.cache_creation_tokens

    from costs
    inner join assigned
        on costs.account = assigned.account
        and costs.organization_id is not distinct from assigned.organization_id
        and costs.date = assigned.date
        and costs.actor_type = assigned.actor_type
        and costs.actor = assigned.actor
        and costs.customer_type = assigned.customer_type
        and costs.currency is not distinct from assigned.currency
    left join owners
        on costs.account = owners.account
        and costs.organization_id is not distinct from owners.organization_id
        and costs.actor = owners.actor
        and costs.actor_type = 'api_actor'
        and costs.date >= owners.valid_from
        and costs.date <= owners.valid_to

)

select * from placed
