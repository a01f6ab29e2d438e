-- One row per account, organization_id, date, actor_type, actor, customer_type and currency.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- actor_type: user_actor, api_actor or an unlisted type; unknown if none was sent.
-- actor: Email with A to Z in lower case, else the API key's name, else unknown.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where no cost was reported.
-- has_activity: True on one of the rows by currency; the others have null counts.
-- records: Usage records; on the row that has activity (count).
-- records_with_cost: Usage records with a cost in this row's currency (count).
-- sessions: Sessions (count); only on the row that has activity, so sums are right.
-- lines_added: Lines of code added, kept or not; on the row that has activity (count).
-- lines_removed: Lines of code removed; on the row that has activity (count).
-- commits: Commits by Claude Code; on the row that has activity (count).
-- pull_requests: Pull requests, merged or not; on the row that has activity (count).
-- proposals: Proposals accepted or rejected; on the row that has activity (count).
-- accepted: Proposals accepted, by a person or a mode; on the row that has activity (count).
-- acceptance_rate: Accepted / proposals, 0 to 1, to 6 places; null without proposals.
-- terminals: Terminals and editors detected; they do not add up over rows (count).
-- remote_sessions: Sessions that ran remotely; on the row that has activity (count).
-- model_entries: Entries of model_breakdown in this row's currency (count).
-- models: Models of those entries; they do not add up over rows (count).
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
with

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
        count(*) as records,
        sum(sessions) as sessions,
        sum(lines_added) as lines_added,
        sum(lines_removed) as lines_removed,
        sum(commits) as commits,
        sum(pull_requests) as pull_requests,
        count(distinct nullif(terminal_type, 'unknown')) as terminals,
        sum(case when is_remote then sessions end) as remote_sessions

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

costs as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        count(distinct case
            when estimated_cost is not null then usage_id
        end) as records_with_cost,
        count(*) as model_entries,
        count(distinct model) as models,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens

    from model_usage
    group by
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency

),

-- A union and no joins: null is a value like any other, and an entry whose record is
-- lost counts.
parts as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        records,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        terminals,
        remote_sessions,
        0 as proposals,
        0 as accepted,
        0 as currencies,
        cast(null as varchar) as currency,
        0 as records_with_cost,
        0 as model_entries,
        0 as models,
        cast(null as decimal(38, 12)) as estimated_cost,
        cast(null as bigint) as input_tokens,
        cast(null as bigint) as output_tokens,
        cast(null as bigint) as cache_read_tokens,
        cast(null as bigint) as cache_creation_tokens

    from activity

    union all

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        0 as records,
        0 as sessions,
        0 as lines_added,
        0 as lines_removed,
        0 as commits,
        0 as pull_requests,
        0 as terminals,
        0 as remote_sessions,
        proposals,
        accepted,
        0 as currencies,
        null as currency,
        0 as records_with_cost,
        0 as model_entries,
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
        0 as records,
        0 as sessions,
        0 as lines_added,
        0 as lines_removed,
        0 as commits,
        0 as pull_requests,
        0 as terminals,
        0 as remote_sessions,
        0 as proposals,
        0 as accepted,
        1 as currencies,
        currency,
        records_with_cost,
        model_entries,
        models,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from costs

),

-- Activity has no currency. It is in the row of the first one, so that it counts once.
summed as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        sum(currencies) as currencies,
        min(currency) as currency,
        cast(sum(records) as bigint) as records,
        cast(coalesce(sum(sessions), 0) as bigint) as sessions,
        cast(coalesce(sum(lines_added), 0) as bigint) as lines_added,
        cast(coalesce(sum(lines_removed), 0) as bigint) as lines_removed,
        cast(coalesce(sum(commits), 0) as bigint) as commits,
        cast(coalesce(sum(pull_requests), 0) as bigint) as pull_requests,
        cast(sum(terminals) as bigint) as terminals,
        cast(coalesce(sum(remote_sessions), 0) as bigint) as remote_sessions,
        cast(sum(proposals) as bigint) as proposals,
        cast(sum(accepted) as bigint) as accepted,
        cast(sum(records_with_cost) as bigint) as records_with_cost,
        cast(sum(model_entries) as bigint) as model_entries,
        cast(sum(models) as bigint) as models,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens

    from parts
    group by account, organization_id, date, actor_type, actor, customer_type

),

-- Actors' days with several currencies are few: only those are joined, which is three
-- times as fast at a million records as a window over all.
several as (

    select
        costs.account,
        costs.organization_id,
        costs.date,
        costs.actor_type,
        costs.actor,
        costs.customer_type,
        costs.currency,
        coalesce(costs.currency = summed.currency, false) as has_activity,
        costs.records_with_cost,
        costs.model_entries,
        costs.models,
        costs.estimated_cost,
        costs.input_tokens,
        costs.output_tokens,
        costs.cache_read_tokens,
        costs.cache_creation_tokens,
        summed.records,
        summed.sessions,
        summed.lines_added,
        summed.lines_removed,
        summed.commits,
        summed.pull_requests,
        summed.terminals,
        summed.remote_sessions,
        summed.proposals,
        summed.accepted

    from summed
    inner join costs
        on summed.account = costs.account
        and summed.organization_id is not distinct from costs.organization_id
        and summed.date = costs.date
        and summed.actor_type = costs.actor_type
        and summed.actor = costs.actor
        and summed.customer_type = costs.customer_type
    where summed.currencies > 1

),

rows_of_currencies as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        true as has_activity,
        records,
        records_with_cost,
        sessions,
        lines_added,
        lines_removed,
        commits,
        pull_requests,
        proposals,
        accepted,
        terminals,
        remote_sessions,
        model_entries,
        models,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from summed
    where currencies <= 1

    union all

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        customer_type,
        currency,
        has_activity,
        case when has_activity then records end as records,
        records_with_cost,
        case when has_activity then sessions end as sessions,
        case when has_activity then lines_added end as lines_added,
        case when has_activity then lines_removed end as lines_removed,
        case when has_activity then commits end as commits,
        case when has_activity then pull_requests end as pull_requests,
        case when has_activity then proposals end as proposals,
        case when has_activity then accepted end as accepted,
        case when has_activity then terminals end as terminals,
        case when has_activity then remote_sessions end as remote_sessions,
        model_entries,
        models,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from several

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
        records,
        records_with_cost,
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
        model_entries,
        models,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens

    from rows_of_currencies

)

select * from rated
