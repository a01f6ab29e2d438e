-- One row per account, organization_id and date: who comes and goes on a day.
-- materialised = onward
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day, up to 28 days after the last record.
-- dau: People with a record on the day (count).
-- wau_change: Change of the people of 7 days to this one (count).
-- mau_change: Change of the people of 28 days to this one (count).
-- new_users: People with their first record on the day (count).
-- returning_users: Active, and last active 1 to 28 days before (count).
-- dormant_users: Last active 28 days before, to the day (count).
with

people as (

    select * from person_days

),

firsts as (

    select * from person_first_days

),

visits as (

    select
        account,
        organization_id,
        date,
        lag(date) over visits_of_person as previous_date,
        lead(date) over visits_of_person as next_date,
        cast(date + interval 7 day as date) as week_ends,
        cast(date + interval 28 day as date) as month_ends

    from people
    window visits_of_person as (
        partition by account, organization_id, actor
        order by date
    )

),

stays as (

    select
        *,
        case when next_date <= week_ends then next_date else week_ends end as week_exit,
        case
            when next_date <= month_ends then next_date else month_ends
        end as month_exit,
        coalesce(next_date <= month_ends, false) as is_coming_back

    from visits

),

-- A person enters the 7 and the 28 days with each visit, and leaves them with the next
-- one or when they have passed. A sum over all days is then a count of people. Counting
-- the people of each window again would take several times as long.
entries as (

    select
        account,
        organization_id,
        date,
        count(*) as dau,
        count(
            case when previous_date >= cast(date - interval 28 day as date) then 1 end
        ) as returning_users

    from stays
    group by account, organization_id, date

),

week_exits as (

    select
        account,
        organization_id,
        week_exit,
        count(*) as people

    from stays
    group by account, organization_id, week_exit

),

month_exits as (

    select
        account,
        organization_id,
        month_exit,
        count(*) as people,
        count(case when not is_coming_back then 1 end) as dormant_users

    from stays
    group by account, organization_id, month_exit

),

changes as (

    select
        account,
        organization_id,
        date,
        dau,
        dau as wau_change,
        dau as mau_change,
        0 as new_users,
        returning_users,
        0 as dormant_users

    from entries

    union all

    select
        account,
        organization_id,
        week_exit as date,
        0 as dau,
        -people as wau_change,
        0 as mau_change,
        0 as new_users,
        0 as returning_users,
        0 as dormant_users

    from week_exits

    union all

    select
        account,
        organization_id,
        month_exit as date,
        0 as dau,
        0 as wau_change,
        -people as mau_change,
        0 as new_users,
        0 as returning_users,
        dormant_users

    from month_exits

    union all

    select
        account,
        organization_id,
        first_day as date,
        0 as dau,
        0 as wau_change,
        0 as mau_change,
        1 as new_users,
        0 as returning_users,
        0 as dormant_users

    from firsts

),

summed as (

    select
        account,
        organization_id,
        date,
        cast(sum(dau) as bigint) as dau,
        cast(sum(wau_change) as bigint) as wau_change,
        cast(sum(mau_change) as bigint) as mau_change,
        cast(sum(new_users) as bigint) as new_users,
        cast(sum(returning_users) as bigint) as returning_users,
        cast(sum(dormant_users) as bigint) as dormant_users

    from changes
    group by account, organization_id, date

)

select * from summed
