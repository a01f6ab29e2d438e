-- Claim: wau and mau are those of the day before, plus who came, minus who left.
with

people as (

    select distinct
        account,
        organization_id,
        date,
        actor

    from stg_usage
    where actor_type = 'user_actor' and actor <> 'unknown'

),

visits as (

    select
        account,
        organization_id,
        date,
        lag(date) over visits_of_person as previous_date,
        lead(date) over visits_of_person as next_date,
        cast(date + interval 7 day as date) as week_end,
        cast(date + interval 28 day as date) as month_end,
        cast(date - interval 7 day as date) as week_ago,
        cast(date - interval 28 day as date) as month_ago

    from people
    window visits_of_person as (
        partition by account, organization_id, actor
        order by date
    )

),

-- On the day on which a visit becomes too old, a person leaves who has not come again.
moves as (

    select
        account,
        organization_id,
        date,
        case
            when previous_date is null or previous_date < week_ago then 1 else 0
        end as week_change,
        case
            when previous_date is null or previous_date < month_ago then 1 else 0
        end as month_change,
        0 as dormant_users

    from visits

    union all

    select
        account,
        organization_id,
        week_end as date,
        -1 as week_change,
        0 as month_change,
        0 as dormant_users

    from visits
    where next_date is null or next_date > week_end

    union all

    select
        account,
        organization_id,
        month_end as date,
        0 as week_change,
        -1 as month_change,
        1 as dormant_users

    from visits
    where next_date is null or next_date > month_end

),

changes as (

    select
        account,
        organization_id,
        date,
        cast(sum(week_change) as bigint) as week_change,
        cast(sum(month_change) as bigint) as month_change,
        cast(sum(dormant_users) as bigint) as dormant_users

    from moves
    group by account, organization_id, date

),

days as (

    select
        account,
        organization_id,
        date,
        wau,
        mau,
        dormant_users,
        lag(wau) over days_of_organisation as previous_wau,
        lag(mau) over days_of_organisation as previous_mau,
        cast(
            lag(date) over days_of_organisation + interval 1 day as date
        ) as follows_on

    from adoption_daily
    window days_of_organisation as (
        partition by account, organization_id
        order by date
    )

),

compared as (

    select
        days.account,
        days.organization_id,
        days.date,
        days.wau,
        days.mau,
        days.dormant_users,
        days.previous_wau + coalesce(changes.week_change, 0) as expected_wau,
        days.previous_mau + coalesce(changes.month_change, 0) as expected_mau,
        coalesce(changes.dormant_users, 0) as expected_dormant_users

    from days
    left join changes
        on days.account = changes.account
        and days.organization_id is not distinct from changes.organization_id
        and days.date = changes.date
    where days.date = days.follows_on

),

unequal as (

    select * from compared
    where
        wau <> expected_wau
        or mau <> expected_mau
        or dormant_users <> expected_dormant_users

)

select * from unequal
