-- Claim: every model entry and tool action has a record of the same account and date.
with

children as (

    select
        'usage_report__model_breakdown' as child,
        _dlt_id,
        _dlt_parent_id,
        account,
        date

    from claude_code.usage_report__model_breakdown

    union all

    select
        'usage_report__tool_actions' as child,
        _dlt_id,
        _dlt_parent_id,
        account,
        date

    from claude_code.usage_report__tool_actions

),

records as (

    select * from claude_code.usage_report

),

orphans as (

    select children.*

    from children
    left join records
        on children._dlt_parent_id = records._dlt_id
        and children.account = records.account
        and children.date = records.date
    where records._dlt_id is null

)

select * from orphans
