-- One row per account, organization_id, month, actor_type, actor, customer_type and currency.
with

usage as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from stg_usage

),

model_usage as (

    select
        *,
        cast(date_trunc('month', cast(date as date)) as date) as month

    from stg_model_usage

),

-- Days with any usage record, with costs or without. An entry that lost its record
-- is an unknown's, and tells of a day as well.
days as (

    select
        account,
        organization_id,
        month,
        date,
        actor_type,
        actor,
        customer_type

    from usage

    union all

    select
        account,
        organization_id,
        month,
        date,
        actor_type,
        actor,
        customer_type

    from model_usage
    where actor = 'unknown'

),

activity as (

    select
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        count(distinct date) as active_days

    from days
    group by account, organization_id, month, actor_type, actor, customer_type

),

summed as (

    select
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        currency,
        sum(estimated_cost) as estimated_cost,
        cast(sum(input_tokens) as bigint) as input_tokens,
        cast(sum(output_tokens) as bigint) as output_tokens,
        cast(sum(cache_read_tokens) as bigint) as cache_read_tokens,
        cast(sum(cache_creation_tokens) as bigint) as cache_creation_tokens

    from model_usage
    group by
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        currency

),

-- Entries that say nothing would give someone who has costs a second row, without
-- currency.
costs as (

    select * from summed
    where
        currency is not null
        or estimated_cost is not null
        or input_tokens is not null
        or output_tokens is not null
        or cache_read_tokens is not null
        or cache_creation_tokens is not null

),

-- Account, month and actor are never null and let every engine hash the join;
-- the rest may be null on both sides.
joined as (

    select
        activity.account,
        activity.organization_id,
        activity.month,
        activity.actor_type,
        activity.actor,
        activity.customer_type,
        costs.currency,
        costs.estimated_cost,
        costs.input_tokens,
        costs.output_tokens,
        costs.cache_read_tokens,
        costs.cache_creation_tokens,
        activity.active_days

    from activity
    left join costs
        on activity.account = costs.account
        and activity.month = costs.month
        and activity.actor = costs.actor
        and activity.organization_id is not distinct from costs.organization_id
        and activity.actor_type is not distinct from costs.actor_type
        and activity.customer_type is not distinct from costs.customer_type

),

-- Over all customer types: what the organisation's month cost in that currency.
-- Twelve places, in what is divided only, leave room to count in millionths.
totalled as (

    select
        *,
        round(estimated_cost, 12) as cost,
        nullif(
            round(
                sum(estimated_cost)
                    over (partition by account, organization_id, month, currency),
                12
            ),
            0
        ) as total_cost

    from joined

),

-- Both quotients are rounded to six places, halves away from zero, in exact
-- arithmetic: doubles would differ between engines in the last place. Counted in
-- millionths, dividend / divisor + 1/2 is (2,000,000 * dividend + divisor) / (2 *
-- divisor), and that without its remainder divides without rest, which even
-- DuckDB, where decimals divide as doubles, gets right (up to some 10^8 a day).
-- No sign(): Spark's is a double, and would make one of all it meets.
doubled as (

    select
        *,
        2000000 * cost
            + case when cost < 0 then -active_days else active_days end
            as day_dividend,
        2 * active_days as day_divisor,
        2000000 * cost
            + case when cost < 0 then -abs(total_cost) else abs(total_cost) end
            as share_dividend,
        2 * total_cost as share_divisor

    from totalled

),

multiples as (

    select
        *,
        day_dividend - day_dividend % day_divisor as day_multiple,
        share_dividend - share_dividend % share_divisor as share_multiple

    from doubled

),

-- The inner casts change no value: they tell sqlglot, which makes dialects of
-- this, that these are no integers to be divided as doubles.
millionths as (

    select
        *,
        cast(
            cast(day_multiple as decimal(38, 12)) / day_divisor as decimal(32, 0)
        ) as day_millionths,
        cast(
            cast(share_multiple as decimal(38, 12)) / share_divisor as decimal(32, 0)
        ) as share_millionths

    from multiples

),

divided as (

    select
        account,
        organization_id,
        month,
        actor_type,
        actor,
        customer_type,
        currency,
        estimated_cost,
        input_tokens,
        output_tokens,
        cache_read_tokens,
        cache_creation_tokens,
        active_days,
        day_millionths * cast('0.000001' as decimal(6, 6)) as cost_per_active_day,
        share_millionths * cast('0.000001' as decimal(6, 6)) as cost_share

    from millionths

)

select * from divided
