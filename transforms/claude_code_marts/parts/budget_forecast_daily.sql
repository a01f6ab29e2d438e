-- One row per scope, name, account, organization_id, date, customer_type and currency.
--
-- scope: team or user.
-- name: Team that day, (no team) too, or user with a budget, A to Z in lower case.
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of a running month with such a budget; no complete one with enough history.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- month: First UTC day of the running month.
-- day_state: complete, provisional, missing (not fetched) or to come.
-- estimated_cost: Cost so far in units of the currency, to 12 places; 0 where not fetched.
-- expected_cost: Mean of the weekday, in units of the currency; null with too little history.
with

budgets as (

    select * from stg_budgets
    where scope in ('team', 'user')

),

calendar as (

    select * from forecast_days

),

history as (

    select * from forecast_history

),

owners as (

    select * from stg_actor_owners

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

budget_users as (

    select distinct name
    from budgets
    where scope = 'user'

),

-- Nothing is read without a budget of the month.
asked_days as (

    select distinct
        calendar.account,
        calendar.date,
        calendar.month,
        calendar.weekday,
        calendar.day_state

    from calendar
    inner join budgets
        on calendar.month = budgets.month

),

asked_history as (

    select distinct history.*

    from history
    inner join asked_days
        on history.account = asked_days.account

),

histories as (

    select distinct
        asked_history.account,
        asked_history.organization_id,
        asked_history.is_enough

    from asked_history

),

weekdays as (

    select distinct
        asked_history.account,
        asked_history.organization_id,
        asked_history.weekday,
        asked_history.share

    from asked_history
    where asked_history.is_enough

),

-- The days of the history that count for a day.
expectations as (

    select
        asked_history.account,
        asked_history.organization_id,
        asked_history.date as past_date,
        asked_days.date,
        asked_days.month,
        asked_days.weekday,
        asked_days.day_state

    from asked_history
    inner join asked_days
        on asked_history.account = asked_days.account
        and asked_history.weekday = asked_days.weekday
    where asked_days.day_state <> 'complete' or not asked_history.is_enough

),

days_read as (

    select past_date as date
    from expectations

    union all

    select date
    from asked_days

),

-- Postgres looks these days up, and would read all days for a join alone.
first_days as (

    select min(date) as date
    from days_read

),

costs as (

    select
        *,
        -- translate() is slow: only names that lower() would change are folded
        case
            when lower(actor) = actor then actor  -- noqa: CV09
            else translate(
                actor, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
            )
        end as member

    from user_cost_daily
    where
        estimated_cost is not null
        and date >= (select first_days.date from first_days)

),

-- What was spent on a day, and what was spent before on days alike. Complete days are
-- needed only to tell whose forecast is not known.
sides as (

    select
        costs.account,
        costs.organization_id,
        asked_days.date,
        asked_days.month,
        asked_days.weekday,
        asked_days.day_state,
        costs.actor_type,
        costs.actor,
        costs.member,
        costs.customer_type,
        costs.currency,
        costs.estimated_cost,
        0 as past_cost

    from costs
    inner join asked_days
        on costs.account = asked_days.account
        and costs.date = asked_days.date
    left join histories
        on costs.account = histories.account
        and costs.organization_id is not distinct from histories.organization_id
    where
        asked_days.day_state <> 'complete'
        or not coalesce(histories.is_enough, false)

    union all

    select
        costs.account,
        costs.organization_id,
        expectations.date,
        expectations.month,
        expectations.weekday,
        expectations.day_state,
        costs.actor_type,
        costs.actor,
        costs.member,
        costs.customer_type,
        costs.currency,
        0 as estimated_cost,
        costs.estimated_cost as past_cost

    from costs
    inner join expectations
        on costs.account = expectations.account
        and costs.organization_id is not distinct from expectations.organization_id
        and costs.date = expectations.past_date

),

-- The same joins as in user_daily, which has no days to come.
placed as (

    select
        sides.account,
        sides.organization_id,
        sides.date,
        sides.month,
        sides.weekday,
        sides.day_state,
        sides.member,
        sides.customer_type,
        sides.currency,
        sides.estimated_cost,
        sides.past_cost,
        owners.owner,
        -- tags give keys teams of their own: a name may be somebody's email
        coalesce(
            nullif(owners.team, ''),
            case when owners.team is null then members.team end,
            teams_of_owners.team,
            '(no team)'
        ) as team

    from sides
    left join members
        on sides.member = members.actor
        and sides.date >= members.first_date
        and sides.date <= members.last_date
    left join owners
        on sides.account = owners.account
        and sides.organization_id is not distinct from owners.organization_id
        and sides.actor = owners.actor
        and sides.actor_type = 'api_actor'
        and sides.date >= owners.valid_from
        and sides.date <= owners.valid_to
    left join members as teams_of_owners
        on owners.owner = teams_of_owners.actor
        and sides.date >= teams_of_owners.first_date
        and sides.date <= teams_of_owners.last_date

),

-- A user is the actor, and the owner of a key.
scoped as (

    select
        placed.*,
        'team' as scope,
        placed.team as name

    from placed

    union all

    select
        placed.*,
        'user' as scope,
        placed.member as name

    from placed
    inner join budget_users
        on placed.member = budget_users.name

    union all

    select
        placed.*,
        'user' as scope,
        placed.owner as name

    from placed
    inner join budget_users
        on placed.owner = budget_users.name
    where placed.owner <> placed.member

),

summed as (

    select
        scope,
        name,
        account,
        organization_id,
        date,
        customer_type,
        currency,
        month,
        weekday,
        day_state,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        -- six places leave the product room
        cast(round(sum(past_cost), 6) as decimal(38, 6)) as past_cost

    from scoped
    group by
        scope,
        name,
        account,
        organization_id,
        date,
        customer_type,
        currency,
        month,
        weekday,
        day_state

),

forecast as (

    select
        summed.scope,
        summed.name,
        summed.account,
        summed.organization_id,
        summed.date,
        summed.customer_type,
        summed.currency,
        summed.month,
        summed.day_state,
        summed.estimated_cost,
        cast(
            round(summed.past_cost * weekdays.share, 6) as decimal(38, 12)
        ) as expected_cost

    from summed
    left join weekdays
        on summed.account = weekdays.account
        and summed.organization_id is not distinct from weekdays.organization_id
        and summed.weekday = weekdays.weekday

)

select * from forecast
