-- One row per fetch of a day and thing in it that the API's contract does not know.
with

unknowns as (

    select * from claude_code.day_fetches__unknowns

),

named as (

    select
        account,
        date,
        fetched_at,
        kind,
        name,
        records,
        example

    from unknowns

)

select * from named
