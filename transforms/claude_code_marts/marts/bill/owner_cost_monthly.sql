-- One row per account, organization_id, month, owner, team, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- owner: Email of the person who used Claude Code or owns the API key; null if not known.
-- team: Team on the day of the cost, as owner_cost_daily.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- cost_of_keys: The part of it that API keys made, in units of the currency.
-- api_keys: Names of API keys in it (count).
with

costs as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from owner_cost_daily

),

summed as (

    select
        account,
        organization_id,
        month,
        owner,
        team,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(
            sum(case when actor_type = 'api_actor' then estimated_cost end)
            as decimal(38, 12)
        ) as cost_of_keys,
        count(distinct case when actor_type = 'api_actor' then actor end) as api_keys

    from costs
    group by
        account, organization_id, month, owner, team, customer_type, currency

)

select * from summed
