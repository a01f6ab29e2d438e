-- Claim: what users did on a day, and their organisation, adds up to what was recorded.
with

recorded as (

    select
        account,
        organization_id,
        date,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        0 as proposals,
        0 as accepted

    from stg_usage

    union all

    select
        account,
        organization_id,
        date,
        0 as sessions,
        0 as lines_added,
        0 as lines_removed,
        0 as commits,
        0 as pull_requests,
        accepted + rejected as proposals,
        accepted

    from stg_tool_actions

),

-- The recorded counts, and the counts of each view to subtract from them.
parts as (

    select 'user_daily' as view_name, * from recorded

    union all

    select 'org_daily' as view_name, * from recorded

    union all

    select
        'user_daily' as view_name,
        account,
        organization_id,
        date,
        -sessions as sessions,
        -lines_added as lines_added,
        -lines_removed as lines_removed,
        -commits as commits,
        -pull_requests as pull_requests,
        -proposals as proposals,
        -accepted as accepted

    from user_daily

    union all

    select
        'org_daily' as view_name,
        account,
        organization_id,
        date,
        -sessions as sessions,
        -lines_added as lines_added,
        -lines_removed as lines_removed,
        -commits as commits,
        -pull_requests as pull_requests,
        -proposals as proposals,
        -accepted as accepted

    from org_daily

),

rests as (

    select
        view_name,
        account,
        organization_id,
        date,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(lines_added) as bigint) as lines_added,
        cast(sum(lines_removed) as bigint) as lines_removed,
        cast(sum(commits) as bigint) as commits,
        cast(sum(pull_requests) as bigint) as pull_requests,
        cast(sum(proposals) as bigint) as proposals,
        cast(sum(accepted) as bigint) as accepted

    from parts
    group by view_name, account, organization_id, date

),

unequal as (

    select * from rests
    where
        sessions <> 0
        or lines_added <> 0
        or lines_removed <> 0
        or commits <> 0
        or pull_requests <> 0
        or proposals <> 0
        or accepted <> 0

)

select * from unequal
