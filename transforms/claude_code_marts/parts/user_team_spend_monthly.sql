-- One row per account, month, team, member, owner, customer_type and currency: what was spent.
-- materialised = month
--
-- account: Account of the API key; default unless several are configured.
-- month: First UTC day of the month of the usage.
-- team: Team of the actor, else of the owner, on the day of the cost; or (no team).
-- member: Actor with A to Z in lower case, as in the files of teams and budgets.
-- owner: Email of the person: the actor's own, or that of the key's one owner; else null.
-- customer_type: api (billed by the token), subscription (not billed by it) or unknown.
-- currency: Currency of the estimated cost, as in USD; null where none was named.
-- estimated_cost: Estimated cost in units of the currency, to 12 places.
with

days as (

    select * from user_daily

),

folded as (

    select
        account,
        cast(date_trunc('month', cast(date as date)) as date) as month,
        team,
        -- as the files' users and teams are folded
        case
            when lower(actor) = actor then actor  -- noqa: CV09
            else translate(
                actor, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'
            )
        end as member,
        owner,
        customer_type,
        currency,
        estimated_cost

    from days
    where estimated_cost is not null

),

summed as (

    select
        account,
        month,
        team,
        member,
        owner,
        customer_type,
        currency,
        cast(sum(estimated_cost) as decimal(38, 12)) as estimated_cost

    from folded
    group by account, month, team, member, owner, customer_type, currency

)

select * from summed
