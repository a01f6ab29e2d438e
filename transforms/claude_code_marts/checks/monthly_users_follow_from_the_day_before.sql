-- Claim: mau is that of the day before, plus those who came, minus those who went dormant.
with

days as (

    select
        account,
        organization_id,
        date,
        mau,
        new_users,
        resurrected_users,
        dormant_users,
        lag(mau) over days_of_organisation as previous_mau,
        lag(date) over days_of_organisation as previous_date

    from adoption_daily
    window days_of_organisation as (
        partition by account, organization_id
        order by date
    )

),

unequal as (

    select * from days
    where
        date = cast(previous_date + interval 1 day as date)
        and mau <> previous_mau + new_users + resurrected_users - dormant_users

)

select * from unequal
