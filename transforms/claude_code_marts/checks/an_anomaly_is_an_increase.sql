-- Claim: a day that is called unusual cost more than usual, and by more than the noise.
with

no_increases as (

    select
        account,
        organization_id,
        date,
        scope,
        actor,
        currency,
        estimated_cost,
        usual,
        excess,
        score

    from cost_anomalies
    where
        excess <= 0
        or estimated_cost <> usual + excess
        or score <= 3.5

)

select * from no_increases
