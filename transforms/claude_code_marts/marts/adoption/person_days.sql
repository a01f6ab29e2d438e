-- One row per account, organization_id, date and actor: a person with a record that day.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage; an evening in California is the next day.
-- actor: Email with A to Z in lower case; API keys are no people, nor is unknown.
-- sessions: Sessions (count).
with

activity as (

    select * from user_activity_daily
    where
        records > 0
        and actor_type = 'user_actor'
        and actor <> 'unknown'

),

days as (

    select
        account,
        organization_id,
        date,
        actor,
        cast(sum(sessions) as bigint) as sessions

    from activity
    group by account, organization_id, date, actor

)

select * from days
