-- One row per account, organization_id and date: how many people use Claude Code.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day, as in org_days: one fetched and empty is a true 0, others have no row.
-- dau: People with a record on the day (count): one record is no habit. No share of the staff.
-- wau: People with a record in the 7 days to this one; null if a day is missing (count).
-- mau: People with a record in the 28 days to this one; null if a day is missing (count).
-- stickiness: Mean dau of the 28 days / mau, 0 to 1, to 6 places; not the dau of one day.
-- workday_stickiness: Mean dau of their working days / mau, 0 to 1, to 6 places.
-- new_users: People with their first record on the day; null in the first 28 stored (count).
-- returning_users: Active, and last active 1 to 28 days before; null as before (count).
-- resurrected_users: Active, and last active over 28 days before; null as before (count).
-- dormant_users: Last active 28 days before, to the day; null as before (count).
-- days_in_window: Days fetched whole among the 28; below 28, mau is not known (count).
-- is_final: True when its last complete fetch began after the day had settled.
with

days as (

    select * from org_days

),

moves as (

    select * from adoption_changes

),

weekend as (

    select * from stg_weekend

),

-- 28 days in a row have each weekday four times.
workdays as (

    select 28 - 4 * count(*) as workdays_28 from weekend

),

changes as (

    select
        account,
        organization_id,
        date,
        0 as dau,
        0 as wau_change,
        0 as mau_change,
        0 as new_users,
        0 as returning_users,
        0 as dormant_users,
        history_from,
        days_in_7,
        days_in_28,
        is_final,
        true as is_stored

    from days

    union all

    select
        account,
        organization_id,
        date,
        dau,
        wau_change,
        mau_change,
        new_users,
        returning_users,
        dormant_users,
        null as history_from,
        0 as days_in_7,
        0 as days_in_28,
        false as is_final,
        false as is_stored

    from moves

),

-- The day on which people leave may not be stored. They still count as gone after it.
daily as (

    select
        account,
        organization_id,
        date,
        date_diff('day', date '1970-01-01', date) as day_number,
        date_diff('day', date '1970-01-01', date) % 7
        in (select weekend.weekday from weekend) as is_weekend,
        sum(dau) as dau,
        sum(wau_change) as wau_change,
        sum(mau_change) as mau_change,
        sum(new_users) as new_users,
        sum(returning_users) as returning_users,
        sum(dormant_users) as dormant_users,
        max(history_from) as history_from,
        max(days_in_7) as days_in_7,
        max(days_in_28) as days_in_28,
        count(case when is_final then 1 end) > 0 as is_final,
        count(case when is_stored then 1 end) > 0 as is_stored

    from changes
    group by account, organization_id, date

),

running as (

    select
        *,
        cast(history_from + interval 28 day as date) as known_from,
        sum(wau_change) over days_until as week_users,
        sum(mau_change) over days_until as month_users,
        sum(dau) over days_of_month as visits_28,
        sum(case when is_weekend then 0 else dau end) over days_of_month
            as workday_visits_28

    from daily
    window
        days_until as (
            partition by account, organization_id
            order by day_number nulls first
            rows between unbounded preceding and current row
        ),
        days_of_month as (
            partition by account, organization_id
            order by day_number nulls first
            range between 27 preceding and current row
        )

),

known as (

    select
        running.*,
        workdays.workdays_28,
        case when running.days_in_7 = 7 then running.week_users end as wau,
        case when running.days_in_28 = 28 then running.month_users end as mau,
        running.date >= running.known_from as is_known

    from running
    cross join workdays
    where running.is_stored

),

adoption as (

    select
        account,
        organization_id,
        date,
        cast(dau as bigint) as dau,
        cast(wau as bigint) as wau,
        cast(mau as bigint) as mau,
        round(
            1e6 * cast(visits_28 as double) / nullif(28 * mau, 0)
        ) / 1e6 as stickiness,
        round(
            1e6 * cast(workday_visits_28 as double) / nullif(workdays_28 * mau, 0)
        ) / 1e6 as workday_stickiness,
        cast(case when is_known then new_users end as bigint) as new_users,
        cast(case when is_known then returning_users end as bigint) as returning_users,
        cast(
            case when is_known then dau - new_users - returning_users end as bigint
        ) as resurrected_users,
        cast(case when is_known then dormant_users end as bigint) as dormant_users,
        days_in_28 as days_in_window,
        is_final

    from known

)

select * from adoption
