-- Claim: a person is in the team that the files name on a day, or in none.
with

days as (

    select * from user_daily
    where actor_type = 'user_actor' and actor <> 'unknown'

),

members as (

    select * from stg_team_members

),

different as (

    select
        days.account,
        days.organization_id,
        days.date,
        days.actor,
        days.team,
        members.team as team_of_files

    from days
    left join members
        on days.actor = members.actor
        and days.date >= coalesce(members.valid_from, date '0001-01-01')
        and days.date <= coalesce(members.valid_to, date '9999-12-31')
    where days.team <> coalesce(members.team, '(no team)')

)

select * from different
