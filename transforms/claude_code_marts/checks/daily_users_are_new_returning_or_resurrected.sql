-- Claim: dau counts whoever has a record that day, each as new, returning or resurrected.
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
        lag(date) over (
            partition by account, organization_id, actor
            order by date
        ) as previous_date,
        cast(date - interval 28 day as date) as returns_from

    from people

),

recorded as (

    select
        account,
        organization_id,
        date,
        count(*) as dau,
        count(case when previous_date is null then 1 end) as new_users,
        count(case when previous_date >= returns_from then 1 end) as returning_users,
        count(case when previous_date < returns_from then 1 end) as resurrected_users

    from visits
    group by account, organization_id, date

),

-- The recorded people, and those of the view to subtract from them.
parts as (

    select
        account,
        organization_id,
        date,
        dau,
        new_users,
        returning_users,
        resurrected_users,
        true as is_known

    from recorded

    union all

    select
        account,
        organization_id,
        date,
        -dau as dau,
        -new_users as new_users,
        -returning_users as returning_users,
        -resurrected_users as resurrected_users,
        new_users is not null as is_known

    from adoption_daily

),

-- Who is new is not known in the first 28 days stored.
rests as (

    select
        account,
        organization_id,
        date,
        cast(sum(dau) as bigint) as dau,
        cast(sum(new_users) as bigint) as new_users,
        cast(sum(returning_users) as bigint) as returning_users,
        cast(sum(resurrected_users) as bigint) as resurrected_users,
        count(case when not is_known then 1 end) = 0 as is_known

    from parts
    group by account, organization_id, date

),

unequal as (

    select
        account,
        organization_id,
        date,
        dau,
        new_users,
        returning_users,
        resurrected_users

    from rests
    where
        dau <> 0
        or (
            is_known
            and (new_users <> 0 or returning_users <> 0 or resurrected_users <> 0)
        )

)

select * from unequal
