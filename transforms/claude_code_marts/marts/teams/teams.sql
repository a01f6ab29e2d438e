-- One row per team: its place among the teams in force, the order to show teams in.
--
-- team: Name of the team, as the file or the tag has it.
-- position: Number of the team, from 1, in the order of their first lines.
-- lines: Lines that name the team (count); a person may have several.
with

members as (

    select * from stg_team_members

),

counted as (

    select
        team,
        min(line) as first_line,
        count(*) as lines

    from members
    group by team

),

placed as (

    select
        team,
        row_number() over (order by first_line) as position,
        lines

    from counted

)

select * from placed
