-- One row per account, organization_id, month and team: how its proposals were met.
-- materialised = month
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of the month of the usage.
-- team: Team of the actor that day, else of the owner; (no team) if neither has one.
-- users: People with proposals (count); API keys are none. Null if withheld.
-- accepted: Proposals accepted (count), of API keys too; null if withheld.
-- rejected: Proposals rejected (count), of API keys too; null if withheld.
-- proposals: Proposals accepted or rejected (count); null if withheld.
-- acceptance_rate: Accepted / proposals, 0 to 1, to 6 places; null without proposals.
-- is_withheld: True for a team of few people, and for the next smallest if it is alone.
with

-- Whoever has no proposals is in no team here, or a team would seem to be small.
acceptances as (

    select
        *,
        proposals - accepted as rejected

    from user_teams_monthly
    where accepted <> 0 or proposals <> accepted

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

by_team as (

    select
        account,
        organization_id,
        month,
        team,
        count(distinct case
            when actor_type = 'user_actor' and actor <> 'unknown' then actor
        end) as users,
        max(case when owner is not null then 1 else 0 end) as tells_of_people,
        cast(sum(accepted) as bigint) as accepted,
        cast(sum(rejected) as bigint) as rejected,
        cast(sum(proposals) as bigint) as proposals

    from acceptances
    group by account, organization_id, month, team

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
        row_number() over (
            partition by sized.account, sized.organization_id, sized.month
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
            partition by sized.account, sized.organization_id, sized.month
        ) as small_teams

    from sized
    cross join settings
    left join places
        on sized.team = places.team

),

-- A single small team could be found by subtracting the others from the organisation.
judged as (

    select
        *,
        smallness <= case when small_teams = 1 then 2 else small_teams end
            as is_withheld

    from ranked

),

rated as (

    select
        judged.account,
        judged.organization_id,
        judged.month,
        judged.team,
        case when not judged.is_withheld then judged.users end as users,
        case when not judged.is_withheld then judged.accepted end as accepted,
        case when not judged.is_withheld then judged.rejected end as rejected,
        case when not judged.is_withheld then judged.proposals end as proposals,
        round(
            1e6 * case when not judged.is_withheld then judged.accepted end
            / nullif(judged.proposals, 0)
        ) / 1e6 as acceptance_rate,
        judged.is_withheld

    from judged

)

select * from rated
