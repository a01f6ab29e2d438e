-- One row per month and actor: the team, of the teams in force, on the month's last day.
--
-- month: First UTC day of a month of which some account has a day.
-- actor: Email, or an API key's name, with A to Z in lower case.
-- team: Team on the last day of the calendar month, also while the month is running.
-- is_person: True for an email, false for a name without @, which is an API key.
with

months as (

    select distinct
        month,
        cast(month + interval 1 month - interval 1 day as date) as last_day

    from month_days

),

members as (

    select * from stg_team_members

),

on_the_last_day as (

    select
        months.month,
        members.actor,
        members.team,
        members.is_person

    from months
    cross join members
    where
        (members.valid_from is null or members.valid_from <= months.last_day)
        and (members.valid_to is null or members.valid_to >= months.last_day)

)

select * from on_the_last_day
