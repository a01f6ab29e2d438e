-- Claim: no count is negative.
with

records as (

    select 'stg_usage' as relation, account, date, usage_id
    from stg_usage
    where
        sessions < 0
        or lines_added < 0
        or lines_removed < 0
        or commits < 0
        or pull_requests < 0

),

entries as (

    select 'stg_model_usage' as relation, account, date, usage_id
    from stg_model_usage
    where
        input_tokens < 0
        or output_tokens < 0
        or cache_read_tokens < 0
        or cache_creation_tokens < 0

),

actions as (

    select 'stg_tool_actions' as relation, account, date, usage_id
    from stg_tool_actions
    where accepted < 0 or rejected < 0

),

negative as (

    select * from records

    union all

    select * from entries

    union all

    select * from actions

)

select * from negative
