-- Claim: a day that is called unusual cost more than usual, and by more than the noise.
with

anomalies as (

    select * from cost_anomalies

),

no_increases as (

    select * from anomalies
    where
        excess <= 0
        or estimated_cost <> usual + excess
        or score <= 3.5

)

select * from no_increases
