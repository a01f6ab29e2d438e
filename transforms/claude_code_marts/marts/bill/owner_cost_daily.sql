-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- owner: Email of the person: the actor's own, or that of the key's one owner; else null.
-- owner_resolution: Of an API key, as key_owners; unknown for a name no key has; else null.
-- team: Team that day of the actor by the teams file, else of the owner, else (no team).
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

    select * from key_owners

),

assigned as (

    select * from user_teams_daily

),

-- With open ends as days: DuckDB hashes a join by comparisons, but not by `or`.
members as (

    select
        actor,
        team,
        coalesce(valid_from, date '0001-01-01') as first_date,
        coalesce(valid_to, date '9999-12-31') as last_date

    from stg_team_members

),

-- The spans of a name do not overlap, so this join multiplies no rows.
owned as (

    select
        costs.*,
        case
            when costs.actor_type = 'api_actor' then owners.owner
            when costs.actor_type = 'user_actor' and costs.actor <> 'unknown'
                then costs.actor
        end as owner,
        case
            when costs.actor_type = 'api_actor'
                then coalesce(owners.resolution, 'unknown')
        end as owner_resolution

    from costs
    left join owners
        on costs.account = owners.account
        and costs.organization_id is not distinct from owners.organization_id
        and costs.actor = owners.actor
        and costs.actor_type = 'api_actor'
        and costs.date >= owners.valid_from
        and costs.date <= owners.valid_to

),

-- The file has at most one team per actor and day, as user_teams_daily.
placed as (

    select
        owned.account,
        owned.organization_id,
        owned.date,
        owned.actor_type,
        owned.actor,
        owned.owner,
        owned.owner_resolution,
        coalesce(
            nullif(assigned.team, '(no team)'), members.team, '(no team)'
        ) as team,
        owned.customer_type,
        owned.currency,
        owned.estimated_cost,
        owned.input_tokens,
        owned.output_tokens,
        owned.cache_read_tokens,
        owned.cache_creation_tokens

    from owned
    left join assigned
        on owned.account = assigned.account
        and owned.organization_id is not distinct from assigned.organization_id
        and owned.date = assigned.date
        and owned.actor_type = assigned.actor_type
        and owned.actor = assigned.actor
    left join members
        on owned.owner = members.actor
        and owned.date >= members.first_date
        and owned.date <= members.last_date

)

select * from placed
