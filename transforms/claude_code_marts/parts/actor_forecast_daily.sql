-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of a running month with a budget of a team or user, if it is not complete.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- member: The actor with A to Z in lower case, as the files have it.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- month: First UTC day of the running month.
-- day_state: provisional, missing (not fetched) or to come.
-- estimated_cost: Cost so far in units of the currency, to 12 places; 0 where not fetched.
-- expected_cost: Mean of the weekday, in units of the currency; null with too little history.
with

budgets as (

    select * from stg_budgets
    where scope in ('team', 'user')

),

calendar as (

    select * from forecast_days
    where day_state <> 'complete'

),

history as (

    select * from forecast_history

),

-- Nothing is read without a budget of the month.
days_left as (

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

histories as (

    select distinct
        history.account,
        history.organization_id,
        history.is_enough

    from history

),

history_left as (

    select distinct history.*

    from history
    inner join days_left
        on history.account = days_left.account

),

days_read as (

    select date
    from history_left

    union all

    select date
    from days_left

),

-- Postgres looks these days up, and would read all days for a join alone.
first_days as (

    select min(date) as date
    from days_read

),

costs_of_days as (

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

means as (

    select
        costs_of_days.account,
        costs_of_days.organization_id,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.member,
        costs_of_days.customer_type,
        costs_of_days.currency,
        history_left.weekday,
        case
            when history_left.is_enough then round(
                cast(round(sum(costs_of_days.estimated_cost), 6) as decimal(38, 6))
                * history_left.share,
                6
            )
        end as expected_cost

    from costs_of_days
    inner join history_left
        on costs_of_days.account = history_left.account
        and costs_of_days.organization_id
        is not distinct from history_left.organization_id
        and costs_of_days.date = history_left.date
    group by
        costs_of_days.account,
        costs_of_days.organization_id,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.member,
        costs_of_days.customer_type,
        costs_of_days.currency,
        history_left.weekday,
        history_left.share,
        history_left.is_enough

),

-- What was spent, and what was expected, on the same day.
sides as (

    select
        costs_of_days.account,
        costs_of_days.organization_id,
        days_left.date,
        days_left.month,
        days_left.day_state,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.member,
        costs_of_days.customer_type,
        costs_of_days.currency,
        costs_of_days.estimated_cost,
        case when histories.is_enough then 0 end as expected_cost

    from costs_of_days
    inner join days_left
        on costs_of_days.account = days_left.account
        and costs_of_days.date = days_left.date
    left join histories
        on costs_of_days.account = histories.account
        and costs_of_days.organization_id is not distinct from histories.organization_id

    union all

    select
        means.account,
        means.organization_id,
        days_left.date,
        days_left.month,
        days_left.day_state,
        means.actor_type,
        means.actor,
        means.member,
        means.customer_type,
        means.currency,
        0 as estimated_cost,
        means.expected_cost

    from means
    inner join days_left
        on means.account = days_left.account
        and means.weekday = days_left.weekday

),

forecast as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        member,
        customer_type,
        currency,
        month,
        day_state,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        -- null for all actors of an organisation or for none
        cast(sum(expected_cost) as decimal(38, 12)) as expected_cost

    from sides
    group by
        account,
        organization_id,
        date,
        actor_type,
        actor,
        member,
        customer_type,
        currency,
        month,
        day_state

)

select * from forecast
