-- One row per account, organization_id and actor: the first day of a person.
-- materialised = whole
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- actor: Email with A to Z in lower case; API keys are no people, nor is unknown.
-- first_day: First UTC day with a record.
-- first_month: First UTC day of its month.
with

months as (

    select * from person_months

),

firsts as (

    select
        account,
        organization_id,
        actor,
        min(first_date) as first_day,
        min(month) as first_month

    from months
    group by account, organization_id, actor

)

select * from firsts
