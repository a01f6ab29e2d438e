-- One row per account, organization_id and date: sums over an organisation's actors.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day with a record or a proposal.
-- active_users: People with a record; neither API keys nor unknown actors (count).
-- active_keys: API keys with a record (count).
-- sessions: Sessions, including those of API keys; not work done (count).
-- lines_added: Lines of code added, also if removed later; no value in itself (count).
-- lines_removed: Lines of code removed (count).
-- commits: Commits by Claude Code (count).
-- pull_requests: Pull requests created by Claude Code, merged or not (count).
-- proposals: Proposals of tools accepted or rejected (count).
-- accepted: Proposals accepted, by a person or by a mode that asks nobody (count).
with

activity as (

    select * from user_activity_daily

),

sums as (

    select
        account,
        organization_id,
        date,
        count(distinct case
            when records > 0 and actor_type = 'user_actor'
                then nullif(actor, 'unknown')
        end) as active_users,
        count(distinct case
            when records > 0 and actor_type = 'api_actor'
                then nullif(actor, 'unknown')
        end) as active_keys,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(lines_added) as bigint) as lines_added,
        cast(sum(lines_removed) as bigint) as lines_removed,
        cast(sum(commits) as bigint) as commits,
        cast(sum(pull_requests) as bigint) as pull_requests,
        cast(sum(proposals) as bigint) as proposals,
        cast(sum(accepted) as bigint) as accepted

    from activity
    where records > 0 or proposals > 0
    group by account, organization_id, date

)

select * from sums
