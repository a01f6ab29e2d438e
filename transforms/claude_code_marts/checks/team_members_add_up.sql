-- Claim: members are active, lapsed or never active, and active people are in one team.
with

parts as (

    select
        account,
        organization_id,
        month,
        active_users,
        coalesce(members, active_users) as counted_once,
        active_users + coalesce(lapsed_users + never_active, 0) as counted_by_state,
        case when is_withheld then 1 else 0 end as withheld,
        0 as people

    from team_adoption_monthly

    union all

    select
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        0 as active_users,
        0 as counted_once,
        0 as counted_by_state,
        0 as withheld,
        count(distinct actor) as people

    from person_days
    group by
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date)

),

sums as (

    select
        account,
        organization_id,
        month,
        sum(active_users) as active_users,
        sum(counted_once) as counted_once,
        sum(counted_by_state) as counted_by_state,
        sum(withheld) as withheld,
        sum(people) as people

    from parts
    group by account, organization_id, month

),

fetched as (

    select * from month_days

),

unequal as (

    select sums.*

    from sums
    inner join fetched
        on sums.account = fetched.account
        and sums.month = fetched.month
    where
        sums.withheld = 0
        and (
            sums.active_users <> sums.people
            or sums.counted_once <> sums.counted_by_state
        )

)

select * from unequal
