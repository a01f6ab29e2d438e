-- One row per account, organization_id and date: the days that a forecast is made from.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: Final UTC day among the 28 up to the account's last; days without a cost count as 0.
-- weekday: Number of the weekday, 0 for a Thursday.
-- share: Weight of the day in the mean of its weekday, 0 to 1, to 12 places.
-- days_of_history: Such days of the organisation, since its first one (count).
-- is_enough: True with two weeks of days, and each weekday among them.
with

fetched as (

    select
        *,
        date_diff('day', date '1970-01-01', date) as day_number,
        date_diff('day', date '1970-01-01', as_of) as as_of_number

    from fetched_days

),

places as (

    select * from organisations

),

-- Whole weeks, each weekday four times at most: only so do the means of all weekdays
-- cover the same time.
days as (

    select
        places.account,
        places.organization_id,
        fetched.date,
        fetched.day_number % 7 as weekday

    from places
    inner join fetched
        on places.account = fetched.account
        and places.first_day <= fetched.date
    where fetched.is_final and fetched.day_number > fetched.as_of_number - 28

),

histories as (

    select
        account,
        organization_id,
        count(*) as days_of_history,
        count(distinct weekday) as weekdays_seen

    from days
    group by account, organization_id

),

weekdays as (

    select
        account,
        organization_id,
        weekday,
        count(*) as days_alike

    from days
    group by account, organization_id, weekday

),

-- By a factor, since a quotient would be a float.
weighed as (

    select
        days.account,
        days.organization_id,
        days.date,
        days.weekday,
        case weekdays.days_alike
            when 1 then cast('1' as decimal(13, 12))
            when 2 then cast('0.5' as decimal(13, 12))
            when 3 then cast('0.333333333333' as decimal(13, 12))
            else cast('0.25' as decimal(13, 12))
        end as share,
        histories.days_of_history,
        histories.days_of_history >= 14 and histories.weekdays_seen = 7 as is_enough

    from days
    inner join weekdays
        on days.account = weekdays.account
        and days.organization_id is not distinct from weekdays.organization_id
        and days.weekday = weekdays.weekday
    inner join histories
        on days.account = histories.account
        and days.organization_id is not distinct from histories.organization_id

)

select * from weighed
