-- One row per account, organization_id and date: what an organisation did on a day.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day, as in org_days: one fetched and empty is a true 0, others have no row.
-- active_users: People with a record; neither API keys nor unknown actors (count).
-- active_keys: API keys with a record (count).
-- sessions: Sessions, including those of API keys; not work done (count).
-- lines_added: Lines of code added, also if removed later; no value in itself (count).
-- lines_removed: Lines of code removed (count).
-- commits: Commits by Claude Code (count).
-- pull_requests: Pull requests created by Claude Code, merged or not (count).
-- proposals: Proposals of tools accepted or rejected (count).
-- accepted: Proposals accepted, by a person or by a mode that asks nobody (count).
-- acceptance_rate: Accepted / proposals, 0 to 1, to 6 places; null without proposals.
-- is_final: True when its last complete fetch began after the day had settled.
-- is_weekend: True on a weekday off: Saturday and Sunday, unless others are set.
with

days as (

    select * from org_days

),

sums as (

    select * from org_activity_daily

),

weekend as (

    select * from stg_weekend

),

-- A union and no join: a null is an organisation as any other.
parts as (

    select
        account,
        organization_id,
        date,
        is_final,
        0 as active_users,
        0 as active_keys,
        0 as sessions,
        0 as lines_added,
        0 as lines_removed,
        0 as commits,
        0 as pull_requests,
        0 as proposals,
        0 as accepted

    from days

    union all

    select
        account,
        organization_id,
        date,
        false as is_final,
        active_users,
        active_keys,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        proposals,
        accepted

    from sums

),

summed as (

    select
        account,
        organization_id,
        date,
        cast(sum(active_users) as bigint) as active_users,
        cast(sum(active_keys) as bigint) as active_keys,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(lines_added) as bigint) as lines_added,
        cast(sum(lines_removed) as bigint) as lines_removed,
        cast(sum(commits) as bigint) as commits,
        cast(sum(pull_requests) as bigint) as pull_requests,
        cast(sum(proposals) as bigint) as proposals,
        cast(sum(accepted) as bigint) as accepted,
        count(case when is_final then 1 end) > 0 as is_final

    from parts
    group by account, organization_id, date

),

rated as (

    select
        account,
        organization_id,
        date,
        active_users,
        active_keys,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        proposals,
        accepted,
        round(1e6 * accepted / nullif(proposals, 0)) / 1e6 as acceptance_rate,
        is_final,
        date_diff('day', date '1970-01-01', date) % 7
        in (select weekend.weekday from weekend) as is_weekend

    from summed

)

select * from rated
