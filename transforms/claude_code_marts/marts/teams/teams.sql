-- One row per team: its place among the teams in force, the order to show teams in.
--
-- team: Name of the team, as the file or the tag has it.
-- position: Number of the team, from 1, by their first lines; then those of keys alone.
-- lines: Lines that name the team (count); by tags 0 for a team of keys alone.
with

members as (

    select * from stg_team_members

),

keys as (

    select * from stg_actor_owners
    where team <> ''

),

named as (

    select
        team,
        line,
        1 as lines

    from members

    union all

    select distinct
        team,
        cast(null as bigint) as line,
        0 as lines

    from keys

),

counted as (

    select
        team,
        min(line) as first_line,
        cast(sum(lines) as bigint) as lines

    from named
    group by team

),

-- Warehouses order texts differently, but not hashes.
placed as (

    select
        team,
        row_number() over (
            order by
                case when first_line is null then 1 else 0 end asc,
                coalesce(first_line, 0) asc,
                md5(team) asc
        ) as position,
        lines

    from counted

)

select * from placed
