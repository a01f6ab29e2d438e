-- Claim: an acceptance rate lies between 0 and 1, and is null only without proposals.
with

rates as (

    select
        'tool_acceptance_daily' as mart,
        account,
        organization_id,
        date,
        tool,
        proposals,
        acceptance_rate

    from tool_acceptance_daily

    union all

    select
        'user_tool_acceptance_daily' as mart,
        account,
        organization_id,
        date,
        tool,
        proposals,
        acceptance_rate

    from user_tool_acceptance_daily

),

impossible as (

    select * from rates
    where
        acceptance_rate not between 0 and 1
        or (acceptance_rate is null and proposals <> 0)

)

select * from impossible
