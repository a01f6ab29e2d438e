-- One row per account, organization_id, cohort_month and months_since: who stays.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- cohort_month: First UTC day of the month in which, early or late, these were first seen, ever.
-- months_since: Number of months since then; in month 0 all are active by definition, if for a day.
-- month: First UTC day of the month looked at.
-- users: People of the cohort (count), each in one; who leaves the company stays in it, as lapsed.
-- retained: Those with a record in exactly this month, not later (count); null if withheld.
-- retention_rate: Retained / users, 0 to 1, to 6 places; null if withheld (small cohorts).
-- is_left_edge: True when the cohort began in the first 28 days of the history: maybe not new.
-- is_running: True when the month has a UTC day after the account's last final one.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the month is final.
with

active as (

    select * from cohort_months

),

fetched as (

    select * from fetched_days

),

months as (

    select * from month_days

),

-- One row, also without a file.
settings as (

    select coalesce(max(min_group_size), 1) as min_group_size
    from stg_input_files
    where name = 'teams'

),

accounts as (

    select
        account,
        min(history_from) as history_from,
        max(as_of) as as_of

    from fetched
    group by account

),

-- A month in which nobody came back is a true 0; one without a day fetched has no row.
cells as (

    select
        active.account,
        active.organization_id,
        active.cohort_month,
        months.month,
        0 as retained

    from active
    inner join months
        on active.account = months.account
        and active.cohort_month <= months.month
    where active.month = active.cohort_month

    union all

    select * from active

),

summed as (

    select
        account,
        organization_id,
        cohort_month,
        month,
        12 * (extract(year from month) - extract(year from cohort_month))
        + extract(month from month) - extract(month from cohort_month) as months_since,
        max(sum(retained)) over (
            partition by account, organization_id, cohort_month
        ) as users,
        sum(retained) as retained

    from cells
    group by account, organization_id, cohort_month, month

),

-- The smallest cohort first. In month 0 there is nothing to hide: all are active.
ranked as (

    select
        summed.*,
        row_number() over (
            partition by summed.account, summed.organization_id, summed.month
            order by
                case when summed.months_since = 0 then 1 else 0 end asc,
                summed.users asc,
                summed.cohort_month asc
        ) as smallness,
        sum(
            case
                when
                    summed.months_since > 0
                    and summed.users < settings.min_group_size
                    then 1
                else 0
            end
        ) over (
            partition by summed.account, summed.organization_id, summed.month
        ) as small_cohorts

    from summed
    cross join settings

),

-- A single small cohort would be the active people of the month without the others.
judged as (

    select
        account,
        organization_id,
        cohort_month,
        month,
        months_since,
        users,
        case
            when
                months_since = 0
                or smallness
                > case when small_cohorts = 1 then 2 else small_cohorts end
                then retained
        end as retained

    from ranked

),

described as (

    select
        judged.account,
        judged.organization_id,
        judged.cohort_month,
        cast(judged.months_since as bigint) as months_since,
        judged.month,
        cast(judged.users as bigint) as users,
        cast(judged.retained as bigint) as retained,
        round(
            1e6 * cast(judged.retained as double) / judged.users
        ) / 1e6 as retention_rate,
        coalesce(
            judged.cohort_month
            < cast(accounts.history_from + interval 28 day as date),
            true
        ) as is_left_edge,
        coalesce(
            cast(judged.month + interval 1 month as date)
            > cast(accounts.as_of + interval 1 day as date),
            true
        ) as is_running,
        coalesce(months.days_complete, 0) as days_complete,
        months.days_missing,
        coalesce(months.days_provisional, 0) as days_provisional,
        coalesce(months.is_complete, false) as is_complete

    from judged
    left join accounts
        on judged.account = accounts.account
    left join months
        on judged.account = months.account
        and judged.month = months.month

)

select * from described
