-- Claim: where no team is withheld, proposals of teams add up to those of users.
with

parts as (

    select
        account,
        organization_id,
        month,
        accepted as team_accepted,
        rejected as team_rejected,
        0 as user_accepted,
        0 as user_rejected,
        case when is_withheld then 1 else 0 end as withheld

    from team_acceptance_monthly

    union all

    select
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        0 as team_accepted,
        0 as team_rejected,
        accepted as user_accepted,
        rejected as user_rejected,
        0 as withheld

    from user_tool_acceptance_daily

),

sums as (

    select
        account,
        organization_id,
        month,
        sum(team_accepted) as team_accepted,
        sum(team_rejected) as team_rejected,
        sum(user_accepted) as user_accepted,
        sum(user_rejected) as user_rejected,
        sum(withheld) as withheld

    from parts
    group by account, organization_id, month

),

unequal as (

    select * from sums
    where
        withheld = 0
        and (team_accepted <> user_accepted or team_rejected <> user_rejected)

)

select * from unequal
