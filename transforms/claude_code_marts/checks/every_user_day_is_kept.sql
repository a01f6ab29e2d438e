-- Claim: every actor with a usage record has a row for its day and for its month.
with

usage as (

    select
        account,
        organization_id,
        date,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        actor_type,
        actor,
        customer_type

    from stg_usage

),

lost_days as (

    select account, organization_id, date, actor_type, actor, customer_type
    from usage

    except

    select account, organization_id, date, actor_type, actor, customer_type
    from user_cost_daily

),

lost_months as (

    select account, organization_id, month, actor_type, actor, customer_type
    from usage

    except

    select account, organization_id, month, actor_type, actor, customer_type
    from user_cost_monthly

),

lost as (

    select 'user_cost_daily' as mart, * from lost_days

    union all

    select 'user_cost_monthly' as mart, * from lost_months

)

select * from lost
