-- One row per usage record: who used Claude Code on a day, where, and how much.
with

records as (

    select * from claude_code.usage_report

),

-- Most emails are in lower case already, and then what tells so costs a tenth of
-- folding: where lower() changes nothing, there is nothing to fold.
emails as (

    select
        *,
        case
            when lower(actor__email_address) = actor__email_address
                then actor__email_address
            -- not lower() itself: beyond ASCII every warehouse, and Postgres every
            -- locale, has its own, and one person would be two actors in one of them
            else translate(
                actor__email_address,
                'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
                'abcdefghijklmnopqrstuvwxyz'
            )
        end as email

    from records

),

-- Whoever is not named, and whatever is not said of him, is 'unknown' and a group as
-- any other.
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
