"""The queries of the demo; `%s` is the first day of a month."""

COST_BY_TEAM = """
    select
        costs.team, sum(costs.estimated_cost) as estimated_cost, budgets.amount,
        costs.currency, budgets.share_spent, budgets.state
    from {marts}.team_cost_monthly as costs
    left join {marts}.teams as teams on costs.team = teams.team
    left join {marts}.budget_status as budgets
        on costs.team = budgets.name and budgets.scope = 'team'
        and budgets.basis = 'all' and costs.month = budgets.month
        and costs.currency = budgets.currency
    where costs.month = %s and costs.estimated_cost is not null
    group by
        costs.team, teams.position, costs.currency, budgets.amount,
        budgets.share_spent, budgets.state
    order by teams.position nulls last, costs.currency
"""

COSTLIEST_USERS = """
    select actor, customer_type, active_days, estimated_cost, currency, cost_share
    from {marts}.user_cost_monthly
    where month = %s and estimated_cost is not null
    order by estimated_cost desc
    limit 5
"""

ACCEPTANCE_BY_TOOL = """
    select
        tool,
        sum(accepted) as accepted,
        sum(proposals) as proposals,
        sum(accepted) / nullif(sum(proposals), 0) as acceptance_rate
    from {marts}.tool_acceptance_daily
    group by tool
    order by acceptance_rate desc nulls last
"""

UNUSUAL_DAY = """
    select date, estimated_cost, usual, currency, top_actor, top_actor_excess
    from {marts}.cost_anomalies
    where scope = 'organisation'
    order by excess desc
    limit 1
"""

STOPPED = """
    select actor, last_seen from {marts}.user_lifecycle
    where state = 'idle'
    order by last_seen desc, actor
    limit 2
"""

NEW = """
    select actor, first_seen from {marts}.user_lifecycle
    where state = 'new'
    order by first_seen desc, actor
    limit 2
"""

TIES = """
    select
        part, reason, currency, sum(estimated_cost) as estimated_cost,
        sum(billed_cost) as billed_cost, sum(cost_difference) as cost_difference
    from {marts}.cost_reconciliation_daily
    where cast(date_trunc('month', date) as date) = %s and currency is not null
    group by part, reason, currency
    order by part, reason
"""
