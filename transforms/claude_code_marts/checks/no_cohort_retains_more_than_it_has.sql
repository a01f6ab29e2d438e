-- Claim: a cohort has all its people in month 0, and never more.
with

cohorts as (

    select
        account,
        organization_id,
        cohort_month,
        months_since,
        users,
        retained

    from adoption_cohorts

),

impossible as (

    select * from cohorts
    where
        retained > users
        or retained < 0
        or (months_since = 0 and retained <> users)

)

select * from impossible
