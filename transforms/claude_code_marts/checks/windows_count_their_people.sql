-- Claim: at the end of each month, wau and mau count the people of its last 7 and 28 days.
with

days as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from adoption_daily

),

people as (

    select distinct
        account,
        organization_id,
        date,
        actor,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from stg_usage
    where actor_type = 'user_actor' and actor <> 'unknown'

),

-- Counting the people of every day would take too long. windows_follow_from_the_day_before
-- follows them from day to day.
last_days as (

    select
        account,
        organization_id,
        month,
        max(date) as date

    from days
    group by account, organization_id, month

),

claimed as (

    select
        days.account,
        days.organization_id,
        days.month,
        days.date,
        days.wau,
        days.mau,
        cast(days.date - interval 6 day as date) as week_from,
        cast(days.date - interval 27 day as date) as month_from

    from days
    inner join last_days
        on days.account = last_days.account
        and days.organization_id is not distinct from last_days.organization_id
        and days.date = last_days.date

),

-- 28 days lie in their last month and the one before it.
visits as (

    select
        account,
        organization_id,
        actor,
        date,
        month

    from people

    union all

    select
        account,
        organization_id,
        actor,
        date,
        cast(month + interval 1 month as date) as month

    from people

),

counted as (

    select
        claimed.account,
        claimed.organization_id,
        claimed.date,
        claimed.wau,
        claimed.mau,
        count(
            distinct case when visits.date >= claimed.week_from then visits.actor end
        ) as week_people,
        count(distinct visits.actor) as month_people

    from claimed
    left join visits
        on claimed.account = visits.account
        and claimed.organization_id is not distinct from visits.organization_id
        and claimed.month = visits.month
        and claimed.date >= visits.date
        and claimed.month_from <= visits.date
    group by
        claimed.account,
        claimed.organization_id,
        claimed.date,
        claimed.wau,
        claimed.mau

),

unequal as (

    select * from counted
    where wau <> week_people or mau <> month_people

)

select * from unequal
