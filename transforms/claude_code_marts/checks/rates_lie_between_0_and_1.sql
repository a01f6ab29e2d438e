-- Claim: a rate lies between 0 and 1, and is null only where there is nothing to divide.
with

rates as (

    select
        'tool_acceptance_daily' as mart,
        account,
        organization_id,
        date,
        proposals as parts,
        acceptance_rate as rate

    from tool_acceptance_daily

    union all

    select
        'user_tool_acceptance_daily' as mart,
        account,
        organization_id,
        date,
        proposals as parts,
        acceptance_rate as rate

    from user_tool_acceptance_daily

    union all

    select
        'user_activity_daily' as mart,
        account,
        organization_id,
        date,
        proposals as parts,
        acceptance_rate as rate

    from user_activity_daily

    union all

    select
        'org_daily' as mart,
        account,
        organization_id,
        date,
        proposals as parts,
        acceptance_rate as rate

    from org_daily

    union all

    select
        'team_acceptance_monthly' as mart,
        account,
        organization_id,
        month as date,
        proposals as parts,
        acceptance_rate as rate

    from team_acceptance_monthly

    union all

    select
        'team_adoption_monthly' as mart,
        account,
        organization_id,
        month as date,
        null as parts,
        active_share as rate

    from team_adoption_monthly

    union all

    select
        'adoption_daily' as mart,
        account,
        organization_id,
        date,
        mau as parts,
        stickiness as rate

    from adoption_daily

    union all

    select
        'adoption_cohorts' as mart,
        account,
        organization_id,
        cohort_month as date,
        null as parts,
        retention_rate as rate

    from adoption_cohorts

),

impossible as (

    select * from rates
    where
        rate not between 0 and 1
        or (rate is null and parts <> 0)

)

select * from impossible
