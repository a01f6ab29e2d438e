-- One row per account, organization_id, month, customer_type and currency: cost of a unit.
-- materialised = month
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
with

activity_of_days as (

    select * from user_activity_daily

),

activity as (

    select
        account,
        organization_id,
        date,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        actor_type,
        actor,
        customer_type,
        currency,
        has_activity,
        has_activity and records > 0 as is_active,
        sessions,
        commits,
        pull_requests,
        lines_added,
        accepted,
        estimated_cost

    from activity_of_days

),

-- Counts are in one row of an actor's day; rows of further currencies are few.
further as (

    select
        costs.account,
        costs.organization_id,
        costs.month,
        costs.customer_type,
        costs.currency,
        costs.estimated_cost,
        costs.actor_type,
        costs.actor,
        coalesce(firsts.is_active, false) as is_active,
        firsts.sessions,
        firsts.commits,
        firsts.pull_requests,
        firsts.lines_added,
        firsts.accepted

    from activity as costs
    left join activity as firsts
        on costs.account = firsts.account
        and costs.organization_id is not distinct from firsts.organization_id
        and costs.date = firsts.date
        and costs.actor_type = firsts.actor_type
        and costs.actor = firsts.actor
        and costs.customer_type = firsts.customer_type
        and firsts.is_active
    where not costs.has_activity and costs.estimated_cost is not null

),

costs as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        estimated_cost,
        actor_type,
        actor,
        is_active,
        sessions,
        commits,
        pull_requests,
        lines_added,
        accepted

    from activity
    where has_activity and estimated_cost is not null

    union all

    select * from further

),

-- Cost and counts of the same days of the same actors: where only some records carry
-- a cost, a quotient over all of them would be far too low.
priced as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        estimated_cost,
        actor,
        is_active,
        is_active and actor_type = 'user_actor' and actor <> 'unknown' as is_person,
        case when is_active then sessions end as sessions,
        case when is_active then commits end as commits,
        case when is_active then pull_requests end as pull_requests,
        case when is_active then lines_added end as lines_added,
        case when is_active then accepted end as accepted

    from costs

),

-- By actor first: a hash table counts people sooner than the sort of a count(distinct).
by_actor as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        actor,
        sum(estimated_cost) as estimated_cost,
        sum(case when is_active then estimated_cost else 0 end) as with_activity,
        sum(case when is_person then estimated_cost else 0 end) as of_people,
        max(case when is_person then 1 else 0 end) as people,
        sum(sessions) as sessions,
        sum(commits) as commits,
        sum(pull_requests) as pull_requests,
        sum(lines_added) as lines_added,
        sum(accepted) as accepted

    from priced
    group by account, organization_id, month, customer_type, currency, actor

),

by_currency as (

    select
        account,
        organization_id,
        month,
        customer_type,
        currency,
        sum(estimated_cost) as estimated_cost,
        sum(with_activity) as with_activity,
        sum(of_people) as of_people,
        cast(sum(people) as bigint) as active_users,
        sum(sessions) as sessions,
        sum(commits) as commits,
        sum(pull_requests) as pull_requests,
        sum(lines_added) as lines_added,
        sum(accepted) as accepted

    from by_actor
    group by account, organization_id, month, customer_type, currency

),

sessions_of_months as (

    select
        account,
        organization_id,
        month,
        customer_type,
        sum(sessions) as sessions

    from activity
    where is_active
    group by account, organization_id, month, customer_type

),

-- Also the months in which nothing carries a cost, or no cost has its record.
months as (

    select account, organization_id, month, customer_type from sessions_of_months

    union distinct

    select account, organization_id, month, customer_type from by_currency

),

monthly as (

    select
        months.account,
        months.organization_id,
        months.month,
        months.customer_type,
        by_currency.currency,
        cast(by_currency.estimated_cost as decimal(38, 12)) as estimated_cost,
        cast(
            by_currency.with_activity as decimal(38, 12)
        ) as estimated_cost_with_activity,
        cast(by_currency.of_people as decimal(38, 12)) as estimated_cost_of_people,
        coalesce(by_currency.active_users, 0) as active_users,
        cast(coalesce(by_currency.sessions, 0) as bigint) as sessions,
        cast(coalesce(by_currency.commits, 0) as bigint) as commits,
        cast(coalesce(by_currency.pull_requests, 0) as bigint) as pull_requests,
        cast(coalesce(by_currency.lines_added, 0) as bigint) as lines_added,
        cast(coalesce(by_currency.accepted, 0) as bigint) as accepted,
        sessions_of_months.sessions as all_sessions

    from months
    left join by_currency
        on months.account = by_currency.account
        and months.organization_id is not distinct from by_currency.organization_id
        and months.month = by_currency.month
        and months.customer_type = by_currency.customer_type
    left join sessions_of_months
        on months.account = sessions_of_months.account
        and months.organization_id
        is not distinct from sessions_of_months.organization_id
        and months.month = sessions_of_months.month
        and months.customer_type = sessions_of_months.customer_type

),

-- Ratios are doubles of six places, and null where there is nothing to divide by.
divided as (

    select
        monthly.account,
        monthly.organization_id,
        monthly.month,
        monthly.customer_type,
        monthly.currency,
        monthly.estimated_cost,
        monthly.estimated_cost_with_activity,
        monthly.estimated_cost_of_people,
        monthly.active_users,
        monthly.sessions,
        monthly.commits,
        monthly.pull_requests,
        monthly.lines_added,
        monthly.accepted,
        round(
            1e6 * cast(monthly.estimated_cost_of_people as double)
            / nullif(monthly.active_users, 0)
        ) / 1e6 as cost_per_active_user,
        round(
            1e6 * cast(monthly.estimated_cost_with_activity as double)
            / nullif(monthly.sessions, 0)
        ) / 1e6 as cost_per_session,
        round(
            1e6 * cast(monthly.estimated_cost_with_activity as double)
            / nullif(monthly.commits, 0)
        ) / 1e6 as cost_per_commit,
        round(
            1e6 * cast(monthly.estimated_cost_with_activity as double)
            / nullif(monthly.pull_requests, 0)
        ) / 1e6 as cost_per_pull_request,
        round(
            1e9 * cast(monthly.estimated_cost_with_activity as double)
            / nullif(monthly.lines_added, 0)
        ) / 1e6 as cost_per_thousand_lines,
        round(
            1e6 * cast(monthly.estimated_cost_with_activity as double)
            / nullif(monthly.accepted, 0)
        ) / 1e6 as cost_per_accepted,
        round(
            1e6 * cast(monthly.sessions as double) / nullif(monthly.all_sessions, 0)
        ) / 1e6 as coverage

    from monthly

)

select * from divided
