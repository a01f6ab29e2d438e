-- Claim: an actor has the same team and owner on a day in user_daily and user_teams_daily.
with

days as (

    select * from user_daily

),

assigned as (

    select * from user_teams_daily

),

only_in_one as (

    select account, organization_id, date, actor_type, actor, team, owner
    from days

    except

    select account, organization_id, date, actor_type, actor, team, owner
    from assigned

),

only_in_the_other as (

    select account, organization_id, date, actor_type, actor, team, owner
    from assigned

    except

    select account, organization_id, date, actor_type, actor, team, owner
    from days

),

different as (

    select
        'user_daily' as view_name,
        account,
        organization_id,
        date,
        actor_type,
        actor,
        team,
        owner

    from only_in_one

    union all

    select
        'user_teams_daily' as view_name,
        account,
        organization_id,
        date,
        actor_type,
        actor,
        team,
        owner

    from only_in_the_other

)

select * from different
