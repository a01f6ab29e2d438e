-- One row per account, organization_id, month, team, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- team: Team of the actor that day, else of the owner; or (no team), or (small teams).
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places. Teams add up.
-- cost_cents: Hundredths (count) that add up to the rounded total, by largest remainder.
-- cost_share: Share in the organisation's month, type and currency, 0 to 1; null if that is not over 0.
-- users: People with a cost (count); one who moves counts in two teams. Null if withheld.
-- active_days: Days with a cost, added over people and keys (count); null if withheld.
-- members: People in the team on the month's last day (count); null for names in brackets.
-- is_withheld: True for (small teams): rows of few people, a single one with the next.
-- is_partial: True if (small teams) has or may have more of the team in this currency.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the calendar month is final.
with

teams as (

    select * from team_spend_monthly

),

coverage as (

    select * from month_days

),

covered as (

    select
        teams.account,
        teams.organization_id,
        teams.month,
        teams.team,
        teams.customer_type,
        teams.currency,
        teams.estimated_cost,
        teams.cost_cents,
        teams.cost_share,
        teams.users,
        teams.active_days,
        teams.members,
        teams.is_withheld,
        teams.is_partial,
        coalesce(coverage.days_complete, 0) as days_complete,
        coverage.days_missing,
        coalesce(coverage.days_provisional, 0) as days_provisional,
        coalesce(coverage.is_complete, false) as is_complete

    from teams
    left join coverage
        on teams.account = coverage.account
        and teams.month = coverage.month

)

select * from covered
