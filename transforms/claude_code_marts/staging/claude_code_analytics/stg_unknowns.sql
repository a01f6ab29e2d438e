-- One row per account, date, load_number, fetched_at, kind and name: drift in a fetch.
--
-- account: Account of the API key; default unless several are configured.
-- date: UTC day that was fetched.
-- fetched_at: When the fetch began (UTC).
-- load_number: Number of the load in its account, from 1.
-- kind: field, tool or actor_type.
-- name: Path of a field, name of a tool, or actor type.
-- records: Usage records of the day that have it (count).
-- example: One value as JSON text, without emails.
with

unknowns as (

    select * from claude_code.day_fetches__unknowns
    where report = 'claude_code'

),

named as (

    select
        account,
        date,
        fetched_at,
        load_number,
        kind,
        name,
        records,
        example

    from unknowns

)

select * from named
