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
-- models: Models with an entry in this currency; they do not add up over rows (count).
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_tokens: Tokens written to the cache (count).
-- team: Team of the actor that day, else of the owner; (no team) if neither has one.
-- owner: Email of the person: the actor's own, or that of the key's one owner; else null.
with

activity as (

    select * from user_activity_daily

),

owners as (

    select * from stg_actor_owners

),

-- With open ends as days: DuckDB hashes a join by comparisons, but not by `or`.
members as (

    select
        actor,
        team,
        coalesce(valid_from, date '0001-01-01') as first_date,
        coalesce(valid_to, date '9999-12-31') as last_date

    from stg_team_members

),

-- Actors of teams are folded. Here emails are folded too, but names of keys are not.
folded as (

    select
        *,
        -- translate() is slow: only names that lower() would change are folded
        case
            when lower(actor) = actor then actor  -- noqa: CV09
            else translate(
                actor, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
            )
        end as member

    from activity

),

-- An actor has at most one owner and one team on a day, so no join multiplies rows.
assigned as (

    select
        folded.account,
        folded.organization_id,
        folded.date,
        folded.actor_type,
        folded.actor,
        folded.customer_type,
        folded.currency,
        folded.has_activity,
        folded.sessions,
        folded.lines_added,
        folded.lines_removed,
        folded.commits,
        folded.pull_requests,
        folded.proposals,
        folded.accepted,
        folded.acceptance_rate,
        folded.terminals,
        folded.remote_sessions,
        folded.models,
        folded.estimated_cost,
        folded.input_tokens,
        folded.output_tokens,
        folded.cache_read_tokens,
        folded.cache_creation_tokens,
        -- tags give keys teams of their own: a name may be somebody's email
        coalesce(
            nullif(owners.team, ''),
            case when owners.team is null then members.team end,
            teams_of_owners.team,
            '(no team)'
        ) as team,
        case
            when folded.actor_type = 'api_actor' then owners.owner
            when folded.actor_type = 'user_actor' and folded.actor <> 'unknown'
                then folded.actor
        end as owner

    from folded
    left join members
        on folded.member = members.actor
        and folded.date >= members.first_date
        and folded.date <= members.last_date
    left join owners
        on folded.account = owners.account
        and folded.organization_id is not distinct from owners.organization_id
        and folded.actor = owners.actor
        and folded.actor_type = 'api_actor'
        and folded.date >= owners.valid_from
        and folded.date <= owners.valid_to
    left join members as teams_of_owners
        on owners.owner = teams_of_owners.actor
        and folded.date >= teams_of_owners.first_date
        and folded.date <= teams_of_owners.last_date

)

select * from assigned
