-- One row per account, organization_id, month, team, customer_type and currency.
-- materialised = month
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- team: Team of the actor that day, else of the owner; or (no team), or (small teams).
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- estimated_cost: Estimated cost in units of the currency, to 12 places. Teams add up.
-- cost_cents: Hundredths (count) that add up to the rounded total, by largest remainder.
-- cost_share: Share in the organisation's month, type and currency, 0 to 1; null if that is not over 0.
-- users: People with a cost (count); one who moves counts in two teams. Null if withheld.
-- active_days: Days with a cost, added over people and keys (count); null if withheld.
-- members: People in the team on the month's last day (count); null for names in brackets.
-- is_withheld: True for (small teams): rows of few people, a single one with the next.
-- is_partial: True if (small teams) has or may have more of the team in this currency.
with

costs as (

    select * from user_teams_monthly
    where estimated_cost is not null

),

roster as (

    select * from team_members_monthly

),

places as (

    select * from teams

),

-- One row, also without a file.
settings as (

    select coalesce(max(min_group_size), 1) as min_group_size
    from stg_input_files
    where name = 'teams'

),

members as (

    select
        month,
        team,
        count(*) as members

    from roster
    where is_person
    group by month, team

),

by_team as (

    select
        account,
        organization_id,
        month,
        team,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        count(distinct case
            when actor_type = 'user_actor' and actor <> 'unknown' then actor
        end) as users,
        max(case when owner is not null then 1 else 0 end) as tells_of_people,
        cast(sum(days_with_cost) as bigint) as active_days

    from costs
    group by account, organization_id, month, team, customer_type, currency

),

-- API keys alone count as one person if one of them has an owner, else as nobody.
sized as (

    select
        *,
        greatest(users, tells_of_people) as size

    from by_team

),

-- The smallest team first. A team of size 0 has nobody to hide: it is never small.
ranked as (

    select
        sized.*,
        places.position,
        row_number() over (
            partition by
                sized.account,
                sized.organization_id,
                sized.month,
                sized.customer_type,
                sized.currency
            order by
                case when sized.size = 0 then 1 else 0 end asc,
                sized.size asc,
                coalesce(places.position, 0) asc
        ) as smallness,
        sum(
            case
                when sized.size between 1 and settings.min_group_size - 1 then 1
                else 0
            end
        ) over (
            partition by
                sized.account,
                sized.organization_id,
                sized.month,
                sized.customer_type,
                sized.currency
        ) as small_teams,
        count(*) over (
            partition by
                sized.account,
                sized.organization_id,
                sized.month,
                sized.customer_type,
                sized.currency
        ) as all_teams

    from sized
    cross join settings
    left join places
        on sized.team = places.team

),

-- One small team alone would be the total without the others.
judged as (

    select
        *,
        smallness <= case when small_teams = 1 then 2 else small_teams end
            as is_withheld

    from ranked

),

-- A team may be small as api and be shown as subscription. If a small team is the only one
-- of a customer type, the total is its cost. To mark its other rows alone would name it, so
-- those of all teams are marked.
marked as (

    select
        *,
        not is_withheld
        and (
            max(case when is_withheld then 1 else 0 end) over (
                partition by account, month, team, currency
            ) = 1
            or max(case when is_withheld and all_teams = 1 then 1 else 0 end) over (
                partition by account, month, currency
            ) = 1
        ) as is_partial

    from judged

),

folded as (

    select
        account,
        organization_id,
        month,
        case when is_withheld then '(small teams)' else team end as team,
        customer_type,
        currency,
        is_withheld,
        is_partial,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        case when not is_withheld then cast(sum(users) as bigint) end as users,
        case
            when not is_withheld then cast(sum(active_days) as bigint)
        end as active_days,
        -- after all teams: those without one, and the small ones at last
        coalesce(
            max(case when not is_withheld then position end),
            case when is_withheld then 1000001 else 1000000 end
        ) as position

    from marked
    group by
        account,
        organization_id,
        month,
        case when is_withheld then '(small teams)' else team end,
        customer_type,
        currency,
        is_withheld,
        is_partial

),

floored as (

    select
        *,
        floor(estimated_cost * 100) as whole_cents,
        sum(estimated_cost) over (
            partition by account, organization_id, month, customer_type, currency
        ) as total_cost

    from folded

),

-- The cents that rounding down has left over: one each to the teams that lost most.
remainders as (

    select
        *,
        round(total_cost * 100) - sum(whole_cents) over (
            partition by account, organization_id, month, customer_type, currency
        ) as missing_cents,
        row_number() over (
            partition by account, organization_id, month, customer_type, currency
            order by estimated_cost * 100 - whole_cents desc, position asc
        ) as turn

    from floored

),

shared as (

    select
        remainders.account,
        remainders.organization_id,
        remainders.month,
        remainders.team,
        remainders.customer_type,
        remainders.currency,
        remainders.estimated_cost,
        cast(
            remainders.whole_cents
            + case when remainders.turn <= remainders.missing_cents then 1 else 0 end
            as bigint
        ) as cost_cents,
        round(
            1e6 * cast(remainders.estimated_cost as double)
            / nullif(greatest(remainders.total_cost, 0), 0)
        ) / 1e6 as cost_share,
        remainders.users,
        remainders.active_days,
        case
            when remainders.team not in ('(no team)', '(small teams)')
                then coalesce(members.members, 0)
        end as members,
        remainders.is_withheld,
        remainders.is_partial

    from remainders
    left join members
        on remainders.month = members.month
        and remainders.team = members.team

)

select * from shared
