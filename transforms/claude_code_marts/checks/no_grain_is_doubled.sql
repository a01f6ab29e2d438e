-- Claim: no mart has two rows of one grain.
with

tool_acceptance_daily_twins as (

    select
        'tool_acceptance_daily' as mart,
        account,
        organization_id,
        date as day,
        count(*) as copies

    from tool_acceptance_daily
    group by account, organization_id, date, tool
    having count(*) > 1

),

user_tool_acceptance_daily_twins as (

    select
        'user_tool_acceptance_daily' as mart,
        account,
        organization_id,
        date as day,
        count(*) as copies

    from user_tool_acceptance_daily
    group by account, organization_id, date, tool, actor_type, actor
    having count(*) > 1

),

user_cost_daily_twins as (

    select
        'user_cost_daily' as mart,
        account,
        organization_id,
        date as day,
        count(*) as copies

    from user_cost_daily
    group by
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency
    having count(*) > 1

),

user_cost_monthly_twins as (

    select
        'user_cost_monthly' as mart,
        account,
        organization_id,
        month as day,
        count(*) as copies

    from user_cost_monthly
    group by
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        currency
    having count(*) > 1

),

model_cost_daily_twins as (

    select
        'model_cost_daily' as mart,
        account,
        organization_id,
        date as day,
        count(*) as copies

    from model_cost_daily
    group by account, organization_id, date, model, customer_type, currency
    having count(*) > 1

),

twins as (

    select * from tool_acceptance_daily_twins

    union all

    select * from user_tool_acceptance_daily_twins

    union all

    select * from user_cost_daily_twins

    union all

    select * from user_cost_monthly_twins

    union all

    select * from model_cost_daily_twins

)

select * from twins
