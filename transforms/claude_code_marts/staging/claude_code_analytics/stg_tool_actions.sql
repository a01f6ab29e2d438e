-- One row per tool_action_id: a record's proposals of one tool, by actor.
--
-- tool_action_id: Id of record and tool; equal content has an equal id in every fetch.
-- usage_id: usage_id of the record in stg_usage that the proposals belong to.
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- tool: Tool name, as in edit_tool.
-- accepted: Proposals accepted, by a person or by a mode that asks nobody (count).
-- rejected: Proposals rejected (count).
with

actions as (

    select * from claude_code.usage_report__tool_actions

),

usage as (

    select * from stg_usage

),

-- An action has at most one record, so this join multiplies no rows. An action
-- whose record is missing keeps its counts.
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
        -- a missing count is zero
        coalesce(actions.accepted, 0) as accepted,
        coalesce(actions.rejected, 0) as rejected

    from actions
    left join usage
        on actions._dlt_parent_id = usage.usage_id

)

select * from joined
