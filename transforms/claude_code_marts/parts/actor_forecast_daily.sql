-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of a running month with such a budget; no complete one with enough history.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- member: The actor with A to Z in lower case, as the files have it.
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

histories as (

    select distinct
        history.account,
        history.organization_id,
        history.is_enough

    from history

),

asked_history as (

    select distinct history.*

    from history
    inner join asked_days
        on history.account = asked_days.account

),

days_read as (

    select date
    from asked_history

    union all

    select date
    from asked_days

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
        asked_history.weekday,
        case
            when asked_history.is_enough then round(
                cast(round(sum(costs_of_days.estimated_cost), 6) as decimal(38, 6))
                * asked_history.share,
                6
            )
        end as expected_cost,
        asked_history.is_enough

    from costs_of_days
    inner join asked_history
        on costs_of_days.account = asked_history.account
        and costs_of_days.organization_id
        is not distinct from asked_history.organization_id
        and costs_of_days.date = asked_history.date
    group by
        costs_of_days.account,
        costs_of_days.organization_id,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.member,
        costs_of_days.customer_type,
        costs_of_days.currency,
        asked_history.weekday,
        asked_history.share,
        asked_history.is_enough

),

-- What was spent, and what was expected, on the same day. Complete days are needed only
-- to tell whose forecast is not known.
sides as (

    select
        costs_of_days.account,
        costs_of_days.organization_id,
        asked_days.date,
        asked_days.month,
        asked_days.day_state,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.member,
        costs_of_days.customer_type,
        costs_of_days.currency,
        costs_of_days.estimated_cost,
        case when histories.is_enough then 0 end as expected_cost

    from costs_of_days
    inner join asked_days
        on costs_of_days.account = asked_days.account
        and costs_of_days.date = asked_days.date
    left join histories
        on costs_of_days.account = histories.account
        and costs_of_days.organization_id is not distinct from histories.organization_id
    where
        asked_days.day_state <> 'complete'
        or not coalesce(histories.is_enough, false)

    union all

    select
        means.account,
        means.organization_id,
        asked_days.date,
        asked_days.month,
        asked_days.day_state,
        means.actor_type,
        means.actor,
        means.member,
        means.customer_type,
        means.currency,
        0 as estimated_cost,
        means.expected_cost

    from means
    inner join asked_days
        on means.account = asked_days.account
        and means.weekday = asked_days.weekday
    where asked_days.day_state <> 'complete' or not means.is_enough

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
