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
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the calendar month is final.
with

costs as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from owner_cost_daily

),

coverage as (

    select * from month_days

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

),

covered as (

    select
        summed.account,
        summed.organization_id,
        summed.month,
        summed.owner,
        summed.team,
        summed.customer_type,
        summed.currency,
        summed.estimated_cost,
        summed.cost_of_keys,
        summed.api_keys,
        coalesce(coverage.days_complete, 0) as days_complete,
        coverage.days_missing,
        coalesce(coverage.days_provisional, 0) as days_provisional,
        coalesce(coverage.is_complete, false) as is_complete

    from summed
    left join coverage
        on summed.account = coverage.account
        and summed.month = coverage.month

)

select * from covered
