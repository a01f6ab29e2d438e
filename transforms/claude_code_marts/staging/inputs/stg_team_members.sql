-- One row per line: an actor's days in a team, by the file or the tags in force.
--
-- line: Number of the line in the file, where the header is 1; for tags, place in the list.
-- actor: Email, or an API key's name, with A to Z in lower case.
-- team: Name of the team.
-- valid_from: First UTC day in the team; null for no beginning.
-- valid_to: Last UTC day in the team; null for no end.
-- is_person: True for an email, false for a name without @, which is an API key.
with

members as (

    select * from claude_code.team_members

),

files as (

    select * from stg_input_files
    where name = 'teams'

),

in_force as (

    select
        members.line,
        members.actor,
        members.team,
        members.valid_from,
        members.valid_to,
        members.actor like '%@%' as is_person

    from members
    inner join files
        on members._dlt_load_id = files.load_id

)

select * from in_force
