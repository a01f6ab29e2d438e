-- One row per account, organization_id, date, terminal_type and is_remote.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- terminal_type: Terminal or editor; (remote) for remote sessions, else (not said).
-- is_remote: True for sessions that ran remotely; null in older data, which was local.
-- users: People with a record; they do not add up over terminals (count).
-- sessions: Sessions, including those of API keys (count).
-- lines_added: Lines of code added, kept or not (count).
-- commits: Commits by Claude Code (count).
with

usage as (

    select * from stg_usage

),

-- A remote session has no terminal, whatever its record says.
located as (

    select
        *,
        case
            when is_remote then '(remote)'
            when terminal_type = 'unknown' then '(not said)'
            else terminal_type
        end as place

    from usage

),

counted as (

    select
        account,
        organization_id,
        date,
        place as terminal_type,
        is_remote,
        count(distinct case
            when actor_type = 'user_actor' then nullif(actor, 'unknown')
        end) as users,
        cast(coalesce(sum(sessions), 0) as bigint) as sessions,
        cast(coalesce(sum(lines_added), 0) as bigint) as lines_added,
        cast(coalesce(sum(commits), 0) as bigint) as commits

    from located
    group by account, organization_id, date, place, is_remote

)

select * from counted
