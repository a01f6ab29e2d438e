-- One row per account and date: the days of the running month, in accounts that have it.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- date: UTC day of the month of the last day fetched of any account; also days to come.
-- month: First UTC day of that month.
-- weekday: Number of the weekday, 0 for a Thursday.
-- day_state: complete, provisional, missing (not fetched) or to come.
-- as_of: Last UTC day of the account that is final; null before there is one.
with

-- The numbers of days come from bits: no two warehouses generate series alike.
bits as (

    select 0 as bit

    union all

    select 1

),

numbers as (

    select
        ones.bit + 2 * twos.bit + 4 * fours.bit + 8 * eights.bit + 16 * sixteens.bit
            as number

    from bits as ones
    cross join bits as twos
    cross join bits as fours
    cross join bits as eights
    cross join bits as sixteens

),

fetched as (

    select * from fetched_days

),

accounts as (

    select
        account,
        max(date) as last_date,
        max(as_of) as as_of,
        cast(date_trunc('month', cast(max(date) as date)) as date) as month

    from fetched
    group by account

),

-- The month of an account that has no newer day, as others have, is past.
running as (

    select max(month) as month
    from accounts

),

dates as (

    select
        accounts.account,
        accounts.month,
        accounts.last_date,
        accounts.as_of,
        cast(accounts.month + numbers.number * interval 1 day as date) as date

    from accounts
    inner join running
        on accounts.month = running.month
    cross join numbers

),

calendar as (

    select
        dates.account,
        dates.date,
        dates.month,
        date_diff('day', date '1970-01-01', dates.date) % 7 as weekday,
        case
            when fetched.is_final then 'complete'
            when not fetched.is_final then 'provisional'
            when dates.date <= dates.last_date then 'missing'
            else 'to come'
        end as day_state,
        dates.as_of

    from dates
    left join fetched
        on dates.account = fetched.account
        and dates.date = fetched.date
    where cast(date_trunc('month', cast(dates.date as date)) as date) = dates.month

)

select * from calendar
