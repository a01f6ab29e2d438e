-- One row per account, organization_id, month, customer_type and currency: cost of a unit.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- estimated_cost_with_activity: Cost of days with a usage record, in units of the currency.
-- estimated_cost_of_people: The same without API keys, in units of the currency.
-- active_users: People with a cost (count), no API keys.
-- sessions: Sessions of the actors' days with a cost (count), as are all counts below.
-- commits: Commits by Claude Code (count).
-- pull_requests: Pull requests created by Claude Code (count), whether merged or not.
-- lines_added: Lines of code added (count), whether kept or not.
-- accepted: Proposals accepted, by a person or by a mode that asks nobody (count).
-- cost_per_active_user: People's cost / people, in units of the currency, to 6 places.
-- cost_per_session: Cost with activity / sessions, in units of the currency, to 6 places.
-- cost_per_commit: All that cost / commits, in units of the currency; units overlap, so no price.
-- cost_per_pull_request: All that cost / pull requests, in units of the currency. Never add these.
-- cost_per_thousand_lines: That cost / 1,000 lines, in units of the currency; less is no better.
-- cost_per_accepted: That cost / proposals accepted, in units of the currency, to 6 places.
-- coverage: Share of all sessions that the units are of, 0 to 1; null without sessions.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the calendar month is final.
with

units as (

    select * from unit_spend_monthly

),

coverage_of_days as (

    select * from month_days

),

covered as (

    select
        units.account,
        units.organization_id,
        units.month,
        units.customer_type,
        units.currency,
        units.estimated_cost,
        units.estimated_cost_with_activity,
        units.estimated_cost_of_people,
        units.active_users,
        units.sessions,
        units.commits,
        units.pull_requests,
        units.lines_added,
        units.accepted,
        units.cost_per_active_user,
        units.cost_per_session,
        units.cost_per_commit,
        units.cost_per_pull_request,
        units.cost_per_thousand_lines,
        units.cost_per_accepted,
        units.coverage,
        coalesce(coverage_of_days.days_complete, 0) as days_complete,
        coverage_of_days.days_missing,
        coalesce(coverage_of_days.days_provisional, 0) as days_provisional,
        coalesce(coverage_of_days.is_complete, false) as is_complete

    from units
    left join coverage_of_days
        on units.account = coverage_of_days.account
        and units.month = coverage_of_days.month

)

select * from covered
