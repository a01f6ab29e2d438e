-- One row per account, organization_id, cohort_month and month: who was still active.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- cohort_month: First UTC day of the month in which these people were first seen, ever.
-- month: First UTC day of the month looked at.
-- retained: People of the cohort with a record in exactly this month (count).
with

active_months as (

    select * from person_months

),

firsts as (

    select * from person_first_days

),

active as (

    select
        active_months.account,
        active_months.organization_id,
        firsts.first_month as cohort_month,
        active_months.month,
        count(*) as retained

    from active_months
    inner join firsts
        on active_months.account = firsts.account
        and active_months.organization_id is not distinct from firsts.organization_id
        and active_months.actor = firsts.actor
    group by
        active_months.account,
        active_months.organization_id,
        firsts.first_month,
        active_months.month

)

select * from active
