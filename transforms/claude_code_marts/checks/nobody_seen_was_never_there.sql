-- Claim: a person in state never has no day of activity in the account, up to as_of.
with

never_seen as (

    select * from user_lifecycle
    where state = 'never'

),

days as (

    select * from person_days

),

seen as (

    select
        never_seen.account,
        never_seen.actor,
        days.date

    from never_seen
    inner join days
        on never_seen.account = days.account
        and never_seen.actor = days.actor
        and never_seen.as_of >= days.date

)

select * from seen
