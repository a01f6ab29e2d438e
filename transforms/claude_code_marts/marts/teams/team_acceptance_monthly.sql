-- One row per account, organization_id, month and team: how its proposals were met.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- team: Team of the actor that day, else of the owner; (no team) if neither has one.
-- users: People with proposals (count); API keys are none. Null if withheld.
-- accepted: Proposals accepted by people, keys or modes that ask nobody (count); null if withheld.
-- rejected: Proposals rejected (count), of API keys too; null if withheld.
-- proposals: Proposals accepted or rejected (count); null if withheld.
-- acceptance_rate: Accepted / proposals, 0 to 1, to 6 places; null without proposals.
-- is_withheld: True for a team of few people, and for the next smallest if it is alone.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the calendar month is final.
with

teams as (

    select * from team_proposals_monthly

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
        teams.users,
        teams.accepted,
        teams.rejected,
        teams.proposals,
        teams.acceptance_rate,
        teams.is_withheld,
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
