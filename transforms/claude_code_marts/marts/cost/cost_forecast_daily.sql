-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the account's running month, of its last fetched day; also one to come.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- month: First UTC day of the running month.
-- day_state: complete, provisional, missing (not fetched) or to come.
-- estimated_cost: Cost so far in units of the currency, to 12 places; 0 where not fetched.
-- expected_cost: Mean of the weekday, in units of the currency; null with too little history.
-- days_of_history: Complete days among the 28 up to as_of that the means are of (count).
-- as_of: Last UTC day of the account that is final; null before there is one.
with

-- The days that are forecast of the running month come from bits: no two warehouses
-- generate series alike.
bits as (

    select 0 as bit

    union all

    select 1

),

numbers as (

    select
        ones.bit + 2 * twos.bit + 4 * fours.bit + 8 * eights.bit + 16 * sixteens.bit
            as number

    from bits as ones
    cross join bits as twos
    cross join bits as fours
    cross join bits as eights
    cross join bits as sixteens

),

days as (

    select
        *,
        date_diff('day', date '1970-01-01', date) as day_number,
        date_diff('day', date '1970-01-01', as_of) as as_of_number

    from fetched_days

),

places as (

    select * from organisations

),

costs_of_days as (

    select * from user_cost_daily

),

first_days as (

    select
        account,
        organization_id,
        first_day as first_date

    from places

),

accounts as (

    select
        account,
        max(date) as last_date,
        max(as_of) as as_of,
        cast(date_trunc('month', cast(max(date) as date)) as date) as month

    from days
    group by account

),

-- Days that are neither of the history nor of the running month are not read.
recent_days as (

    select
        days.account,
        days.date

    from days
    inner join accounts
        on days.account = accounts.account
    where
        days.date >= accounts.month
        or days.day_number > days.as_of_number - 28

),

-- Postgres looks these days up, and would read all days for a join alone.
recent as (

    select min(date) as first_date
    from recent_days

),

costs as (

    select
        costs_of_days.account,
        costs_of_days.organization_id,
        costs_of_days.date,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.customer_type,
        costs_of_days.currency,
        sum(costs_of_days.estimated_cost) as estimated_cost

    from costs_of_days
    inner join recent_days
        on costs_of_days.account = recent_days.account
        and costs_of_days.date = recent_days.date
    where
        costs_of_days.estimated_cost is not null
        and costs_of_days.date >= (select recent.first_date from recent)
    group by
        costs_of_days.account,
        costs_of_days.organization_id,
        costs_of_days.date,
        costs_of_days.actor_type,
        costs_of_days.actor,
        costs_of_days.customer_type,
        costs_of_days.currency

),

-- Whole weeks, each weekday four times at most: only so are the means of all weekdays
-- of the same time.
history as (

    select
        account,
        date,
        day_number % 7 as weekday

    from days
    where is_final and day_number > as_of_number - 28

),

-- A day without a cost counts as 0, from the organisation's first day on.
weekdays as (

    select
        first_days.account,
        first_days.organization_id,
        history.weekday,
        count(*) as days,
        cast(sum(count(*)) over (
            partition by first_days.account, first_days.organization_id
        ) as bigint) as days_of_history,
        count(*) over (
            partition by first_days.account, first_days.organization_id
        ) as weekdays_seen

    from first_days
    inner join history
        on first_days.account = history.account
        and first_days.first_date <= history.date
    group by first_days.account, first_days.organization_id, history.weekday

),

-- Two weeks, and each weekday seen: with less there is no forecast.
histories as (

    select
        account,
        organization_id,
        max(days_of_history) as days_of_history,
        max(days_of_history) >= 14 and max(weekdays_seen) = 7 as is_enough

    from weekdays
    group by account, organization_id

),

costs_of_weekdays as (

    select
        costs.account,
        costs.organization_id,
        history.weekday,
        costs.actor_type,
        costs.actor,
        costs.customer_type,
        costs.currency,
        round(sum(costs.estimated_cost), 6) as estimated_cost

    from costs
    inner join history
        on costs.account = history.account
        and costs.date = history.date
    group by
        costs.account,
        costs.organization_id,
        history.weekday,
        costs.actor_type,
        costs.actor,
        costs.customer_type,
        costs.currency

),

-- By a product, since a quotient would be a float. Six places leave it room.
means as (

    select
        costs_of_weekdays.account,
        costs_of_weekdays.organization_id,
        costs_of_weekdays.weekday,
        costs_of_weekdays.actor_type,
        costs_of_weekdays.actor,
        costs_of_weekdays.customer_type,
        costs_of_weekdays.currency,
        round(
            cast(costs_of_weekdays.estimated_cost as decimal(38, 6))
            * case weekdays.days
                when 1 then cast('1' as decimal(13, 12))
                when 2 then cast('0.5' as decimal(13, 12))
                when 3 then cast('0.333333333333' as decimal(13, 12))
                else cast('0.25' as decimal(13, 12))
            end,
            6
        ) as expected_cost

    from costs_of_weekdays
    inner join weekdays
        on costs_of_weekdays.account = weekdays.account
        and costs_of_weekdays.organization_id
        is not distinct from weekdays.organization_id
        and costs_of_weekdays.weekday = weekdays.weekday

),

dates as (

    select
        accounts.account,
        accounts.month,
        accounts.last_date,
        accounts.as_of,
        cast(accounts.month + numbers.number * interval 1 day as date) as date

    from accounts
    cross join numbers

),

calendar as (

    select
        dates.account,
        dates.month,
        dates.as_of,
        dates.date,
        date_diff('day', date '1970-01-01', dates.date) % 7 as weekday,
        case
            when days.is_final then 'complete'
            when not days.is_final then 'provisional'
            when dates.date <= dates.last_date then 'missing'
            else 'to come'
        end as day_state

    from dates
    left join days
        on dates.account = days.account
        and dates.date = days.date
    where cast(date_trunc('month', cast(dates.date as date)) as date) = dates.month

),

-- What was spent, and what was expected, of the same actor and day.
parts as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        estimated_cost,
        0 as expected_cost

    from costs

    union all

    select
        means.account,
        means.organization_id,
        calendar.date,
        means.actor_type,
        means.actor,
        means.customer_type,
        means.currency,
        0 as estimated_cost,
        means.expected_cost

    from means
    inner join calendar
        on means.account = calendar.account
        and means.weekday = calendar.weekday

),

forecast as (

    select
        parts.account,
        parts.organization_id,
        parts.date,
        parts.actor_type,
        parts.actor,
        parts.customer_type,
        parts.currency,
        calendar.month,
        calendar.day_state,
        cast(sum(parts.estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(
            case when histories.is_enough then sum(parts.expected_cost) end
            as decimal(38, 12)
        ) as expected_cost,
        coalesce(histories.days_of_history, 0) as days_of_history,
        calendar.as_of

    from parts
    inner join calendar
        on parts.account = calendar.account
        and parts.date = calendar.date
    left join histories
        on parts.account = histories.account
        and parts.organization_id is not distinct from histories.organization_id
    group by
        parts.account,
        parts.organization_id,
        parts.date,
        parts.actor_type,
        parts.actor,
        parts.customer_type,
        parts.currency,
        calendar.month,
        calendar.day_state,
        histories.is_enough,
        histories.days_of_history,
        calendar.as_of

)

select * from forecast
