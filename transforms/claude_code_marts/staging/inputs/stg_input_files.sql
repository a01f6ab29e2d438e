-- One row per name: the version of a file that is in force.
--
-- name: teams, budgets or owners.
-- version: Number of the version, from 1 for the first that was loaded.
-- load_id: _dlt_load_id of the version's rows.
-- content_hash: SHA-256 of the file's bytes; of the rows, where there is no file.
-- row_count: Rows of the version (count); 0 for a file of a header alone.
-- min_group_size: Active people a team needs to be shown by itself (count), at least 1.
-- loaded_at: When the version was loaded (UTC).
with

files as (

    select * from claude_code.input_files

),

loads as (

    select * from claude_code._dlt_loads
    where status = 0

),

-- A load that was cut short may have left a version, but it is not whole. If
-- two loads ran at once, a hash decides.
committed as (

    select
        files.name,
        files.version,
        files._dlt_load_id as load_id,
        files.content_hash,
        files.row_count,
        coalesce(files.min_group_size, 1) as min_group_size,
        files.loaded_at,
        row_number() over (
            partition by files.name
            order by files.version desc, files.loaded_at desc, files.content_hash desc
        ) as recency

    from files
    inner join loads
        on files._dlt_load_id = loads.load_id

),

in_force as (

    select
        name,
        version,
        load_id,
        content_hash,
        row_count,
        min_group_size,
        loaded_at

    from committed
    where recency = 1

)

select * from in_force
