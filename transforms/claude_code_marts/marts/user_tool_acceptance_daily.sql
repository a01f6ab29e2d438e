-- One row per account, organization_id, date, tool, actor_type and actor.
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

-- Of the summed counts, to six places: the mean of the records' rates would weigh them
-- wrongly.
rated as (

    select
        *,
        round(1e6 * accepted / nullif(proposals, 0)) / 1e6 as acceptance_rate

    from counted

)

select * from rated
