"""What a report asks of the marts, in SQL that every warehouse knows.

`{name}` is a mart. `{now}`, `{before}`, `{shown}`, `{recent}` and `{earlier}` are
conditions on `date`: the period, the one to compare with, the days in charts, the last
28 days and the 28 before them. `{month}` is the first day of the period's month, and
`{last}` its last known day. `%s` is the account.
"""

from typing import Final

CALENDAR: Final = """
    select account, date, is_final from {fetched_days} order by account, date
"""

# After the last day fetched whole there are only fetches that failed.
FAILED: Final = """
    select from_date from {data_quality}
    where account = %s and status = 'failed' and from_date > date '{last}'
    order by from_date
"""

ORGANISATIONS: Final = """
    select distinct organization_id from {org_days} where account = %s
"""

WEEKEND: Final = "select iso_weekday from {stg_weekend}"

COSTS: Final = """
    select date, model, customer_type, currency, sum(estimated_cost) as cost
    from {model_cost_daily}
    where
        account = %s and ({shown}) and currency is not null
        and estimated_cost is not null
    group by date, model, customer_type, currency
"""

ACTIVITY: Final = """
    select
        date, sum(sessions) as sessions, sum(commits) as commits,
        sum(pull_requests) as pull_requests, sum(lines_added) as lines_added
    from {org_daily}
    where account = %s and (({now}) or ({before}))
    group by date
"""

# People, once each: in the period, before it, in the last 28 days and before those.
PEOPLE: Final = """
    select
        coalesce(sum(is_now), 0) as people,
        coalesce(sum(is_before), 0) as people_before,
        coalesce(sum(is_earlier), 0) as earlier,
        coalesce(sum(is_earlier * is_recent), 0) as came_back
    from (
        select
            actor,
            max(case when {now} then 1 else 0 end) as is_now,
            max(case when {before} then 1 else 0 end) as is_before,
            max(case when {recent} then 1 else 0 end) as is_recent,
            max(case when {earlier} then 1 else 0 end) as is_earlier
        from {person_days}
        where
            account = %s
            and (({now}) or ({before}) or ({recent}) or ({earlier}))
        group by actor
    ) as persons
"""

# How many people were there on a day and next on another one: what adoption_daily adds
# up, of the days of a chart alone. Null is whoever did not come again.
VISITS: Final = """
    select date, next_date, count(*) as people
    from (
        select
            date,
            lead(date) over (
                partition by organization_id, actor order by date
            ) as next_date
        from {person_days}
        where account = %s and ({visits})
    ) as visits
    group by date, next_date
"""

# Cost and counts of the same days of the same actors, as in unit_cost_monthly, which
# has whole months only. Of several currencies of an actor's day one row has the counts:
# with `{greatest}` and `{of_day}` all have them.
UNITS: Final = """
    select
        is_now, currency,
        sum(case when sessions is not null then cost end) as cost,
        sum(case when is_person = 1 then cost end) as cost_of_people,
        count(distinct case when is_person = 1 then actor end) as people,
        sum(sessions) as sessions, sum(commits) as commits,
        sum(pull_requests) as pull_requests, sum(lines_added) as lines_added
    from (
        select
            is_now, currency, actor, cost, sessions, commits, pull_requests,
            lines_added,
            case
                when
                    sessions is not null and actor_type = 'user_actor'
                    and actor <> 'unknown'
                    then 1
                else 0
            end as is_person
        from (
            select
                case when {now} then 1 else 0 end as is_now,
                actor_type, actor, currency, estimated_cost as cost,
                {greatest}(sessions) {of_day} as sessions,
                {greatest}(commits) {of_day} as commits,
                {greatest}(pull_requests) {of_day} as pull_requests,
                {greatest}(lines_added) {of_day} as lines_added
            from {user_activity_daily}
            where account = %s and (({now}) or ({before}))
        ) as actor_days
        where cost is not null and currency is not null
    ) as priced
    group by is_now, currency
"""
OF_DAY: Final = """over (
    partition by organization_id, date, actor_type, actor, customer_type
)"""

# The fifteen costliest, the middle ones, and sums over all. A window costs one row per
# actor in the warehouse and none here.
ACTORS: Final = """
    select
        currency, place, actors, actor_type, actor, cost, days, total, top_tenth
    from (
        select
            currency, actor_type, actor, cost, days, place, actors,
            sum(cost) over (partition by currency) as total,
            sum(case when 10 * place <= actors then cost else 0 end)
                over (partition by currency) as top_tenth
        from (
            select
                currency, actor_type, actor, cost, days,
                row_number() over (
                    partition by currency
                    order by cost desc, actor_type, actor
                ) as place,
                count(*) over (partition by currency) as actors
            from (
                select
                    currency, actor_type, actor, sum(estimated_cost) as cost,
                    count(distinct date) as days
                from {user_cost_daily}
                where
                    account = %s and ({now}) and currency is not null
                    and estimated_cost is not null
                group by currency, actor_type, actor
            ) as actor_costs
        ) as placed
    ) as summed
    where place <= {most} or 2 * place between actors and actors + 2
    order by currency, place
"""

TOOLS: Final = """
    select date, tool, sum(accepted) as accepted, sum(proposals) as proposals
    from {tool_acceptance_daily}
    where account = %s and ({shown})
    group by date, tool
"""

TERMINALS: Final = """
    select terminal_type, sum(sessions) as sessions, sum(commits) as commits
    from {terminal_daily}
    where account = %s and ({now})
    group by terminal_type
"""

COHORTS: Final = """
    select
        cohort_month, months_since, is_left_edge, is_running,
        sum(users) as users,
        case when count(*) = count(retained) then sum(retained) end as retained
    from {adoption_cohorts}
    where
        account = %s and month <= date '{month}' and cohort_month >= date '{cohorts}'
    group by cohort_month, months_since, is_left_edge, is_running
    order by cohort_month, months_since
"""

ANOMALIES: Final = """
    select date, currency, estimated_cost, usual, excess, top_actor, top_actor_excess
    from {cost_anomalies}
    where account = %s and scope = 'organisation' and ({shown})
"""

# A row per day and what is forecast by itself: the parts of month_forecast.
FORECAST: Final = """
    select
        date, day_state, currency, organization_id, customer_type,
        sum(estimated_cost) as cost, sum(expected_cost) as expected
    from {cost_forecast_daily}
    where account = %s and month = date '{month}' and currency is not null
    group by date, day_state, currency, organization_id, customer_type
"""

# Null where one of the rows is withheld: a sum without it would be a lie.
TEAMS: Final = """
    select
        costs.team, costs.currency, max(teams.position) as position,
        sum(costs.estimated_cost) as cost,
        max(case when costs.is_withheld then 1 else 0 end) as is_withheld,
        max(case when costs.is_partial then 1 else 0 end) as is_partial
    from {team_cost_monthly} as costs
    left join {teams} as teams on costs.team = teams.team
    where
        costs.account = %s and costs.month = date '{month}'
        and costs.currency is not null and costs.estimated_cost is not null
    group by costs.team, costs.currency
"""

TEAM_PEOPLE: Final = """
    select
        team, sum(members) as members,
        case when count(*) = count(active_users) then sum(active_users) end as active,
        max(case when is_withheld then 1 else 0 end) as is_withheld
    from {team_adoption_monthly}
    where account = %s and month = date '{month}'
    group by team
"""

BUDGETS: Final = """
    select
        scope, name, currency, basis, amount, spent, forecast, state, days_missing
    from {budget_status}
    where month = date '{month}'
    order by line
"""

# What all accounts show of teams: a budget counts in all of them.
SHOWN_TEAMS: Final = """
    select
        account, currency, team,
        max(case when is_withheld or is_partial then 1 else 0 end) as is_incomplete
    from {team_cost_monthly}
    where month = date '{month}' and currency is not null
    group by account, currency, team
"""

TEAM_NAMES: Final = "select count(*) as teams from {teams}"

# The view is there only where further reports are loaded.
TIES: Final = """
    select
        part, reason, currency, sum(estimated_cost) as estimated_cost,
        sum(billed_cost) as billed_cost, sum(cost_difference) as cost_difference
    from {cost_reconciliation_daily}
    where account = %s and ({now}) and currency is not null
    group by part, reason, currency
"""

TIE_DAYS: Final = """
    select
        date, count(cost_difference) as compared, count(tokens_agree) as with_tokens,
        count(case when tokens_agree then 1 end) as agreeing
    from {cost_reconciliation_daily}
    where account = %s and ({now}) and part = 'sign_in'
    group by date
"""
