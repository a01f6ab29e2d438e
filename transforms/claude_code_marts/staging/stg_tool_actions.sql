-- One row per usage record and tool: proposals accepted and rejected, and whose.
with

actions as (

    select * from claude_code.usage_report__tool_actions

),

usage as (

    select * from stg_usage

),

-- An action has one record, so this join multiplies nothing; one that lost its
-- record keeps its counts.
joined as (

    select
        actions._dlt_id as tool_action_id,
        actions._dlt_parent_id as usage_id,
        actions.account,
        actions.organization_id,
        actions.date,
        coalesce(usage.actor_type, 'unknown') as actor_type,
        coalesce(usage.actor, 'unknown') as actor,
        coalesce(usage.customer_type, 'unknown') as customer_type,
        actions.tool,
        -- a count that was left out is a count of nothing
        coalesce(actions.accepted, 0) as accepted,
        coalesce(actions.rejected, 0) as rejected

    from actions
    left join usage
        on actions._dlt_parent_id = usage.usage_id

)

select * from joined
