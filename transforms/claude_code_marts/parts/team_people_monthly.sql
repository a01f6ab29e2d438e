-- One row per account, organization_id, month and team: a team's people, by their use.
-- materialised = onward
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of a month with any day fetched whole.
-- team: Team on the month's last day; (no team) for people who are in none then.
-- members: People of the team on the month's last day (count).
-- active_users: People with any record in the month (count).
-- new_users: Active ones without an earlier record (count).
-- lapsed_users: Those with a record before the month, none in it (count).
-- never_active: Those without a record up to the month's end (count).
with

coverage as (

    select * from month_days

),

places as (

    select * from organisations

),

roster as (

    select * from team_members_monthly
    where is_person

),

active as (

    select * from person_months

),

firsts as (

    select * from person_first_days

),

months as (

    select
        coverage.account,
        places.organization_id,
        coverage.month

    from coverage
    inner join places
        on coverage.account = places.account
    where
        coverage.month
        >= cast(date_trunc('month', cast(places.first_day as date)) as date)

),

-- A union and no joins: Postgres knows nothing of these rows, and would compare each
-- member with each active person.
places_of_people as (

    select
        months.account,
        months.organization_id,
        months.month,
        roster.actor,
        roster.team,
        1 as is_member,
        0 as is_active

    from months
    inner join roster
        on months.month = roster.month

    union all

    select
        active.account,
        active.organization_id,
        active.month,
        active.actor,
        cast(null as varchar) as team,
        0 as is_member,
        1 as is_active

    from active
    inner join coverage
        on active.account = coverage.account
        and active.month = coverage.month

),

people as (

    select
        account,
        organization_id,
        month,
        actor,
        coalesce(max(team), '(no team)') as team,
        max(is_member) as is_member,
        max(is_active) as is_active

    from places_of_people
    group by account, organization_id, month, actor

),

known as (

    select
        people.*,
        firsts.first_month

    from people
    left join firsts
        on people.account = firsts.account
        and people.organization_id is not distinct from firsts.organization_id
        and people.actor = firsts.actor

),

by_team as (

    select
        account,
        organization_id,
        month,
        team,
        cast(sum(is_member) as bigint) as members,
        cast(sum(is_active) as bigint) as active_users,
        count(case
            when is_active = 1 and first_month = month then 1
        end) as new_users,
        count(case
            when is_active = 0 and first_month < month then 1
        end) as lapsed_users,
        count(case
            when first_month is null or first_month > month then 1
        end) as never_active

    from known
    group by account, organization_id, month, team

)

select * from by_team
