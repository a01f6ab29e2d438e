-- One row per account, organization_id, month and team: how many of its members use it.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- month: First UTC day of a month with any day fetched whole.
-- team: Team on the month's last day; (no team) for people who are in none then.
-- members: People of the team on the month's last day (count); null for (no team).
-- active_users: Those of them with a record in the month, if only one (count); null if withheld.
-- active_share: Active users / members, 0 to 1, to 6 places; null without members.
-- new_users: Active ones without an earlier record (count); null while history is short.
-- lapsed_users: Members with a record before the month, none in it, be it for leave (count).
-- never_active: Members without a record up to the month's end (count); other clouds leave none.
-- days_complete: Days of the month fetched whole that are final (count).
-- days_missing: Days up to the account's last fetched one that were not fetched (count).
-- days_provisional: Days of the month fetched whole that may still change (count).
-- is_complete: True when every day of the month is final; else the counts may grow.
-- is_withheld: True when few people are active, and for the next smallest if it is alone.
with

by_team as (

    select * from team_people_monthly

),

coverage as (

    select * from month_days

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

histories as (

    select
        account,
        min(history_from) as history_from

    from fetched_days
    group by account

),

months as (

    select
        coverage.account,
        coverage.month,
        coverage.days_complete,
        coverage.days_missing,
        coverage.days_provisional,
        coverage.is_complete,
        -- 28 days are enough to say that somebody was not there before
        date_diff('day', histories.history_from, coverage.month) >= 28
            as knows_new_users

    from coverage
    inner join histories
        on coverage.account = histories.account

),

-- Without an active person the figures of a team still say something of its members.
sized as (

    select
        by_team.*,
        months.days_complete,
        months.days_missing,
        months.days_provisional,
        months.is_complete,
        months.knows_new_users,
        coalesce(places.position, 0) as position,
        case
            when by_team.active_users > 0 then by_team.active_users
            else by_team.members
        end as size

    from by_team
    inner join months
        on by_team.account = months.account
        and by_team.month = months.month
    left join places
        on by_team.team = places.team

),

-- The smallest team first.
ranked as (

    select
        sized.*,
        sized.team <> '(no team)' as has_a_list,
        row_number() over (
            partition by sized.account, sized.organization_id, sized.month
            order by sized.size asc, sized.position asc
        ) as smallness,
        sum(case when sized.size < settings.min_group_size then 1 else 0 end) over (
            partition by sized.account, sized.organization_id, sized.month
        ) as small_teams

    from sized
    cross join settings

),

-- A single small team could be found by subtracting the others from the organisation.
judged as (

    select
        *,
        smallness <= case when small_teams = 1 then 2 else small_teams end
            as is_withheld

    from ranked

),

counted as (

    select
        account,
        organization_id,
        month,
        team,
        case when has_a_list then members end as members,
        case when not is_withheld then active_users end as active_users,
        round(
            1e6 * case when has_a_list and not is_withheld then active_users end
            / nullif(members, 0)
        ) / 1e6 as active_share,
        case when knows_new_users and not is_withheld then new_users end as new_users,
        case when has_a_list and not is_withheld then lapsed_users end as lapsed_users,
        case when has_a_list and not is_withheld then never_active end as never_active,
        days_complete,
        days_missing,
        days_provisional,
        is_complete,
        is_withheld

    from judged

)

select * from counted
