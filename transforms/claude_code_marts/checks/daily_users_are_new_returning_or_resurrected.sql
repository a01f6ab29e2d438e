-- Claim: whoever is active on a day is one of new, returning and resurrected, not more.
with

days as (

    select
        account,
        organization_id,
        date,
        dau,
        new_users,
        returning_users,
        resurrected_users

    from adoption_daily

),

unequal as (

    select * from days
    where
        dau <> new_users + returning_users + resurrected_users
        or new_users < 0
        or returning_users < 0
        or resurrected_users < 0

)

select * from unequal
