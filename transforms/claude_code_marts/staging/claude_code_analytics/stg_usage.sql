-- One row per usage_id: who used Claude Code on a day, where, and how much.
--
-- usage_id: Id of the usage record; equal content has an equal id in every fetch.
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- subscription_type: Plan of a subscription, as in enterprise or team; else null.
-- terminal_type: Terminal or editor, when it was detected; else unknown.
-- is_remote: True for sessions that ran remotely; null in older data.
-- sessions: Sessions (count).
-- lines_added: Lines of code added (count).
-- lines_removed: Lines of code removed (count).
-- commits: Commits by Claude Code (count).
-- pull_requests: Pull requests by Claude Code (count).
with

records as (

    select * from claude_code.usage_report

),

-- Most emails are in lower case already. Comparing with lower() finds these at a tenth of
-- the time of translate().
emails as (

    select
        *,
        case
            when lower(actor__email_address) = actor__email_address  -- noqa: CV09
                then actor__email_address
            -- lower() differs beyond ASCII between warehouses and Postgres locales, so
            -- one person could be two actors in one of them
            else translate(
                actor__email_address,
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
            )
        end as email

    from records

),

-- A missing or empty name or type becomes 'unknown', a group like any other.
named as (

    select
        _dlt_id as usage_id,
        account,
        organization_id,
        date,
        coalesce(nullif(actor__type, ''), 'unknown') as actor_type,
        coalesce(
            nullif(email, ''), nullif(actor__api_key_name, ''), 'unknown'
        ) as actor,
        coalesce(nullif(customer_type, ''), 'unknown') as customer_type,
        subscription_type,
        coalesce(nullif(terminal_type, ''), 'unknown') as terminal_type,
        is_remote,
        core_metrics__num_sessions as sessions,
        core_metrics__lines_of_code__added as lines_added,
        core_metrics__lines_of_code__removed as lines_removed,
        core_metrics__commits_by_claude_code as commits,
        core_metrics__pull_requests_by_claude_code as pull_requests

    from emails

)

select * from named
