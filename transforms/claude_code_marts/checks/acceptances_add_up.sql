-- Claim: accepted and rejected counts by tool, and by user, add up to the raw counts.
with

parts as (

    select
        tool,
        accepted as raw_accepted,
        rejected as raw_rejected,
        0 as tool_accepted,
        0 as tool_rejected,
        0 as user_accepted,
        0 as user_rejected

    from claude_code.usage_report__tool_actions

    union all

    select tool, 0, 0, accepted, rejected, 0, 0 from tool_acceptance_daily

    union all

    select tool, 0, 0, 0, 0, accepted, rejected from user_tool_acceptance_daily

),

sums as (

    select
        tool,
        sum(raw_accepted) as raw_accepted,
        sum(raw_rejected) as raw_rejected,
        sum(tool_accepted) as tool_accepted,
        sum(tool_rejected) as tool_rejected,
        sum(user_accepted) as user_accepted,
        sum(user_rejected) as user_rejected

    from parts
    group by tool

),

unequal as (

    select * from sums
    where
        raw_accepted <> tool_accepted
        or raw_accepted <> user_accepted
        or raw_rejected <> tool_rejected
        or raw_rejected <> user_rejected

)

select * from unequal
