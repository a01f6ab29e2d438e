-- One row per account, organization_id, date, tool, actor_type and actor.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- tool: Tool name, as in edit_tool.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- accepted: Proposals accepted, by a person or by a mode that asks nobody (count).
-- rejected: Proposals rejected (count).
-- proposals: Proposals accepted or rejected (count).
-- acceptance_rate: Accepted / proposals, 0 to 1, to 6 places; null without proposals.
with

actions as (

    select * from stg_tool_actions

),

counted as (

    select
        account,
        organization_id,
        date,
        tool,
        actor_type,
        actor,
        cast(sum(accepted) as bigint) as accepted,
        cast(sum(rejected) as bigint) as rejected,
        cast(sum(accepted + rejected) as bigint) as proposals

    from actions
    group by
        account,
        organization_id,
        date,
        tool,
        actor_type,
        actor

),

-- The rate of the summed counts: the mean of the records' rates would weigh a record
-- with one proposal like a record with hundreds.
rated as (

    select
        *,
        round(1e6 * accepted / nullif(proposals, 0)) / 1e6 as acceptance_rate

    from counted

)

select * from rated
