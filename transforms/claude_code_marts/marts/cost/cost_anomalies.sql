-- One row per account, organization_id, date, scope, actor_type, actor and currency.
-- materialised = onward
--
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day that cost unusually much. Slow rises and cheap days are not in it.
-- scope: organisation for a day of all actors, user for a day of one of them.
-- actor_type: user_actor, api_actor or another kind; null for an organisation.
-- actor: Email with A to Z in lower case, or the API key's name; null for an organisation.
-- currency: Currency of the estimated cost, as in USD; null where it was not reported.
-- estimated_cost: Cost of all customer types, in units of the currency, to 12 places.
-- usual: Median of such days, in units of the currency: working days or weekends.
-- mad: Median distance of these days from the median, in units of the currency.
-- scale: 1.4826 x mad, but at least a tenth of usual, in units of the currency.
-- score: Excess / scale, both in units of the currency; no probability. Null if scale is 0.
-- excess: Cost minus usual, in units of the currency, to 12 places.
-- days_of_history: Days among the 28 before that the median is of (count).
-- is_provisional: True when the day may still change.
-- top_actor: Actor with most excess (cost >= 50, or >= 10 in the top 3); null on a tie, or for a user.
-- top_actor_excess: Cost minus usual of top_actor, in units of the currency.
with

costs_of_users as (

    select * from user_cost_daily
    where estimated_cost is not null

),

costs_of_days as (

    select * from org_spend_daily
    where estimated_cost is not null

),

places as (

    select * from organisations

),

weekend as (

    select * from stg_weekend

),

days as (

    select
        account,
        date,
        is_final,
        date_diff('day', date '1970-01-01', date) as day_number,
        date_diff('day', date '1970-01-01', date) % 7
        in (select weekend.weekday from weekend) as is_weekend

    from fetched_days

),

costs_of_organisations as (

    select
        account,
        organization_id,
        date,
        currency,
        sum(estimated_cost) as estimated_cost

    from costs_of_days
    group by account, organization_id, date, currency

),

first_days as (

    select
        account,
        organization_id,
        first_day as first_date

    from places

),

-- From the organisation's first day on, a fetched day without a cost is a day of 0.
spine as (

    select
        first_days.account,
        first_days.organization_id,
        days.date,
        days.is_final,
        sum(case when days.is_final then 1 else 0 end) over (
            partition by first_days.account, first_days.organization_id
            -- no day is null; BigQuery asks for nulls first where a window has a range
            order by days.day_number nulls first
            range between 28 preceding and 1 preceding
        ) as days_before

    from first_days
    inner join days
        on first_days.account = days.account
        and first_days.first_date <= days.date

),

currencies as (

    select distinct
        account,
        organization_id,
        currency

    from costs_of_organisations

),

-- An organisation is no actor, and an actor is never an empty text.
organisation_days as (

    select
        account,
        organization_id,
        date,
        '' as actor_type,
        '' as actor,
        currency,
        estimated_cost

    from costs_of_organisations

    union all

    select
        spine.account,
        spine.organization_id,
        spine.date,
        '' as actor_type,
        '' as actor,
        currencies.currency,
        0 as estimated_cost

    from spine
    inner join currencies
        on spine.account = currencies.account
        and spine.organization_id is not distinct from currencies.organization_id

),

organisation_costs as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        currency,
        sum(estimated_cost) as estimated_cost

    from organisation_days
    group by account, organization_id, date, actor_type, actor, currency

),

-- Joins to the calendar keep all rows up to the history, or Postgres expects one, and
-- then compares each with each.
judged_costs as (

    select
        costs_of_users.account,
        costs_of_users.organization_id,
        costs_of_users.date,
        costs_of_users.actor_type,
        costs_of_users.actor,
        costs_of_users.currency,
        sum(costs_of_users.estimated_cost) as estimated_cost

    from costs_of_users
    left join spine
        on costs_of_users.account = spine.account
        and costs_of_users.organization_id is not distinct from spine.organization_id
        and costs_of_users.date = spine.date
    where coalesce(spine.days_before, 0) >= 21
    group by
        costs_of_users.account,
        costs_of_users.organization_id,
        costs_of_users.date,
        costs_of_users.actor_type,
        costs_of_users.actor,
        costs_of_users.currency

),

-- An actor who cost less than 10 explains no unusual day.
costliest as (

    select
        *,
        rank() over (
            partition by account, organization_id, date, currency
            order by estimated_cost desc
        ) as place_of_day

    from judged_costs
    where estimated_cost >= 10

),

-- Chosen before histories are read, so that few are: below these costs none is unusual.
unusual_users as (

    select
        account,
        organization_id,
        date,
        actor_type,
        actor,
        currency,
        estimated_cost

    from costliest
    where estimated_cost >= 50 or place_of_day <= 3

),

users_read as (

    select distinct
        account,
        organization_id,
        actor_type,
        actor,
        currency

    from unusual_users

),

past as (

    select
        *,
        date_diff('day', date '1970-01-01', date) as day_number

    from organisation_costs

    union all

    select
        costs_of_users.account,
        costs_of_users.organization_id,
        costs_of_users.date,
        costs_of_users.actor_type,
        costs_of_users.actor,
        costs_of_users.currency,
        sum(costs_of_users.estimated_cost) as estimated_cost,
        date_diff('day', date '1970-01-01', costs_of_users.date) as day_number

    from costs_of_users
    inner join users_read
        on costs_of_users.account = users_read.account
        and costs_of_users.organization_id
        is not distinct from users_read.organization_id
        and costs_of_users.actor_type = users_read.actor_type
        and costs_of_users.actor = users_read.actor
        and costs_of_users.currency is not distinct from users_read.currency
    group by
        costs_of_users.account,
        costs_of_users.organization_id,
        costs_of_users.date,
        costs_of_users.actor_type,
        costs_of_users.actor,
        costs_of_users.currency

),

unusual as (

    select * from organisation_costs
    where estimated_cost >= 25

    union all

    select * from unusual_users

),

candidates as (

    select
        unusual.*,
        case when unusual.actor = '' then 'organisation' else 'user' end as scope,
        date_diff('day', date '1970-01-01', unusual.date) as day_number,
        coalesce(days.is_final, false) as is_final,
        coalesce(days.is_weekend, false) as is_weekend

    from unusual
    left join days
        on unusual.account = days.account
        and unusual.date = days.date

),

-- A provisional day is too low for a history. A user's history is the days with a cost.
history as (

    select
        candidates.*,
        case when days.is_final then past.estimated_cost end as past_cost,
        coalesce(
            days.is_final and days.is_weekend = candidates.is_weekend, false
        ) as is_alike

    from candidates
    left join past
        on candidates.account = past.account
        and candidates.organization_id is not distinct from past.organization_id
        and candidates.actor_type = past.actor_type
        and candidates.actor = past.actor
        and candidates.currency is not distinct from past.currency
        and past.day_number between candidates.day_number - 28
        and candidates.day_number - 1
    left join days
        on past.account = days.account
        and past.date = days.date

),

ranked as (

    select
        *,
        row_number() over (alike order by past_cost) as place,
        count(past_cost) over alike as days_alike

    from history
    window alike as (
        partition by
            scope,
            account,
            organization_id,
            actor_type,
            actor,
            currency,
            date,
            is_alike
    )

),

-- The middle one of the ranked, or the mean of the middle two.
medians as (

    select
        *,
        count(past_cost) over candidate as days_before,
        coalesce(sum(past_cost) over candidate, 0) as cost_before,
        coalesce(round(
            (
                min(case
                    when is_alike and 2 * place between days_alike and days_alike + 2
                        then past_cost
                end) over candidate
                + max(case
                    when is_alike and 2 * place between days_alike and days_alike + 2
                        then past_cost
                end) over candidate
            ) * cast('0.5' as decimal(2, 1)),
            12
        ), 0) as usual

    from ranked
    window candidate as (
        partition by
            scope, account, organization_id, actor_type, actor, currency, date
    )

),

distances as (

    select
        *,
        row_number() over (
            partition by
                scope,
                account,
                organization_id,
                actor_type,
                actor,
                currency,
                date,
                is_alike
            order by abs(past_cost - usual)
        ) as nearness

    from medians

),

measured as (

    select
        scope,
        account,
        organization_id,
        actor_type,
        actor,
        currency,
        date,
        is_weekend,
        not is_final as is_provisional,
        estimated_cost,
        usual,
        estimated_cost - usual as excess,
        days_before,
        cost_before,
        max(case when is_alike then days_alike else 0 end) as days_of_history,
        coalesce(round(
            (
                min(case
                    when is_alike and 2 * nearness between days_alike and days_alike + 2
                        then abs(past_cost - usual)
                end)
                + max(case
                    when is_alike and 2 * nearness between days_alike and days_alike + 2
                        then abs(past_cost - usual)
                end)
            ) * cast('0.5' as decimal(2, 1)),
            12
        ), 0) as mad

    from distances
    group by
        scope,
        account,
        organization_id,
        actor_type,
        actor,
        currency,
        date,
        is_weekend,
        is_final,
        estimated_cost,
        usual,
        days_before,
        cost_before

),

-- A flat series has no distances, hence the tenth of its median.
scaled as (

    select
        *,
        round(
            greatest(
                mad * cast('1.4826' as decimal(5, 4)),
                usual * cast('0.1' as decimal(2, 1))
            ),
            12
        ) as scale

    from measured

),

-- The excess is more than a floor, half of the mean day, half of the usual day, and the
-- noise.
anomalies as (

    select scaled.*

    from scaled
    inner join spine
        on scaled.account = spine.account
        and scaled.organization_id is not distinct from spine.organization_id
        and scaled.date = spine.date
    where
        spine.days_before >= 21
        and scaled.days_of_history >= case
            when scaled.scope = 'user' then 5
            when scaled.is_weekend then 4
            else 10
        end
        and scaled.excess >= case when scaled.scope = 'user' then 50 else 25 end
        and 2 * scaled.excess * scaled.days_before >= scaled.cost_before
        and 2 * scaled.excess >= scaled.usual
        and scaled.excess > scaled.scale * cast('3.5' as decimal(2, 1))

),

users as (

    select
        *,
        max(excess) over (
            partition by account, organization_id, currency, date
        ) as top_excess

    from scaled
    where scope = 'user' and excess > 0

),

-- The actor with the greatest excess; of two equal ones neither explains the day.
explanations as (

    select
        account,
        organization_id,
        currency,
        date,
        case when count(*) = 1 then max(actor) end as top_actor,
        case when count(*) = 1 then max(excess) end as top_actor_excess

    from users
    where excess = top_excess
    group by account, organization_id, currency, date

),

explained as (

    select
        anomalies.account,
        anomalies.organization_id,
        anomalies.date,
        anomalies.scope,
        nullif(anomalies.actor_type, '') as actor_type,
        nullif(anomalies.actor, '') as actor,
        anomalies.currency,
        cast(anomalies.estimated_cost as decimal(38, 12)) as estimated_cost,
        cast(anomalies.usual as decimal(38, 12)) as usual,
        cast(anomalies.mad as decimal(38, 12)) as mad,
        cast(anomalies.scale as decimal(38, 12)) as scale,
        round(
            1e6 * cast(anomalies.excess as double) / nullif(anomalies.scale, 0)
        ) / 1e6 as score,
        cast(anomalies.excess as decimal(38, 12)) as excess,
        anomalies.days_of_history,
        anomalies.is_provisional,
        explanations.top_actor,
        cast(explanations.top_actor_excess as decimal(38, 12)) as top_actor_excess

    from anomalies
    left join explanations
        on anomalies.account = explanations.account
        and anomalies.organization_id is not distinct from explanations.organization_id
        and anomalies.currency is not distinct from explanations.currency
        and anomalies.date = explanations.date
        and anomalies.scope = 'organisation'

)

select * from explained
