-- One row per account, organization_id, month and actor: a person with a record in it.
-- materialised = month
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- actor: Email with A to Z in lower case; API keys are no people, nor is unknown.
-- first_date: First UTC day of the month with a record.
-- last_date: Last UTC day of the month with a record.
-- days_active: UTC days with a record (count).
with

people as (

    select * from person_days

),

months as (

    select
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        actor,
        min(date) as first_date,
        max(date) as last_date,
        count(*) as days_active

    from people
    group by
        account,
        organization_id,
        cast(date_trunc('month', cast(date as date)) as date),
        actor

)

select * from months
