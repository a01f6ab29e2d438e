-- One row per account, organization_id, month, team, actor_type, actor, owner, customer_type and currency.
-- materialised = month
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- team: Team of the actor, else of the owner, on the day; or (no team).
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- owner: Email of the person: the actor's own, or that of the key's one owner; else null.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places; null without one.
-- days_with_cost: UTC days with a cost (count).
-- proposals: Proposals accepted or rejected (count); they add up over currencies.
-- accepted: Proposals accepted (count); they add up over currencies.
with

days as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from user_daily

),

monthly as (

    select
        account,
        organization_id,
        month,
        team,
        actor_type,
        actor,
        owner,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        count(estimated_cost) as days_with_cost,
        -- null in the rows of a day's further currencies
        cast(coalesce(sum(proposals), 0) as bigint) as proposals,
        cast(coalesce(sum(accepted), 0) as bigint) as accepted

    from days
    group by
        account,
        organization_id,
        month,
        team,
        actor_type,
        actor,
        owner,
        customer_type,
        currency

)

select * from monthly
