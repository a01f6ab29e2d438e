-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- has_activity: True on one row of several currencies: the others have null counts.
-- sessions: Sessions; sums are right, as of several currencies one row has it (count).
-- lines_added: Lines of code added; on the row that has activity (count).
-- lines_removed: Lines of code removed; on the row that has activity (count).
-- commits: Commits by Claude Code; on the row that has activity (count).
-- pull_requests: Pull requests created by it, merged or not; on that row, too (count).
-- proposals: Proposals of tools accepted or rejected; on the row with activity (count).
-- accepted: Proposals accepted; on the row that has activity (count).
-- acceptance_rate: Accepted by proposals, 0 to 1, to 6 places; null without proposals.
-- terminals: Terminals and editors detected; they do not add up over rows (count).
-- remote_sessions: Sessions that ran remotely; on the row that has activity (count).
-- models: Models used, in any currency; they do not add up over rows (count).
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
with

costs as (

    select * from user_cost_daily

),

usage as (

    select * from stg_usage

),

actions as (

    select * from stg_tool_actions

),

model_usage as (

    select * from stg_model_usage

),

activity as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        coalesce(sum(sessions), 0) as sessions,
        coalesce(sum(lines_added), 0) as lines_added,
        coalesce(sum(lines_removed), 0) as lines_removed,
        coalesce(sum(commits), 0) as commits,
        coalesce(sum(pull_requests), 0) as pull_requests,
        count(distinct nullif(terminal_type, 'unknown')) as terminals,
        coalesce(sum(case when is_remote then sessions end), 0) as remote_sessions

    from usage
    group by account, organization_id, date, actor_type, actor, customer_type

),

acceptance as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        sum(accepted + rejected) as proposals,
        sum(accepted) as accepted

    from actions
    group by account, organization_id, date, actor_type, actor, customer_type

),

variety as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        count(distinct model) as models

    from model_usage
    group by account, organization_id, date, actor_type, actor, customer_type

),

-- A union instead of joins: null is a value of keys, and rows whose record is missing
-- count.
parts as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        false as has_activity,
        cast(null as bigint) as sessions,
        cast(null as bigint) as lines_added,
        cast(null as bigint) as lines_removed,
        cast(null as bigint) as commits,
        cast(null as bigint) as pull_requests,
        cast(null as bigint) as proposals,
        cast(null as bigint) as accepted,
        cast(null as bigint) as terminals,
        cast(null as bigint) as remote_sessions,
        cast(null as bigint) as models,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from costs

    union all

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        null as currency,
        true as has_activity,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        0 as proposals,
        0 as accepted,
        terminals,
        remote_sessions,
        0 as models,
        null as estimated_cost,
        null as input_tokens,
        null as output_tokens,
        null as cache_read_tokens,
        null as cache_creation_tokens

    from activity

    union all

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        null as currency,
        true as has_activity,
        0 as sessions,
        0 as lines_added,
        0 as lines_removed,
        0 as commits,
        0 as pull_requests,
        proposals,
        accepted,
        0 as terminals,
        0 as remote_sessions,
        0 as models,
        null as estimated_cost,
        null as input_tokens,
        null as output_tokens,
        null as cache_read_tokens,
        null as cache_creation_tokens

    from acceptance

    union all

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        null as currency,
        true as has_activity,
        0 as sessions,
        0 as lines_added,
        0 as lines_removed,
        0 as commits,
        0 as pull_requests,
        0 as proposals,
        0 as accepted,
        0 as terminals,
        0 as remote_sessions,
        models,
        null as estimated_cost,
        null as input_tokens,
        null as output_tokens,
        null as cache_read_tokens,
        null as cache_creation_tokens

    from variety

),

-- Activity has no currency. It is in the row of the first one, so that it counts once.
placed as (

    select
        *,
        case when has_activity then min(currency) over (
            partition by
                account, organization_id, date, actor_type, actor, customer_type
        ) else currency end as place

    from parts

),

summed as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        place as currency,
        count(case when has_activity then 1 end) > 0 as has_activity,
        cast(sum(sessions) as bigint) as sessions,
        cast(sum(lines_added) as bigint) as lines_added,
        cast(sum(lines_removed) as bigint) as lines_removed,
        cast(sum(commits) as bigint) as commits,
        cast(sum(pull_requests) as bigint) as pull_requests,
        cast(sum(proposals) as bigint) as proposals,
        cast(sum(accepted) as bigint) as accepted,
        cast(sum(terminals) as bigint) as terminals,
        cast(sum(remote_sessions) as bigint) as remote_sessions,
        cast(sum(models) as bigint) as models,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens

    from placed
    group by
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        place

),

rated as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        has_activity,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        proposals,
        accepted,
        round(1e6 * accepted / nullif(proposals, 0)) / 1e6 as acceptance_rate,
        terminals,
        remote_sessions,
        models,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from summed

)

select * from rated
