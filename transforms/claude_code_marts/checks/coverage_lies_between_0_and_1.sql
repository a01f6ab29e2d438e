-- Claim: a coverage lies between 0 and 1, or is null where there is nothing to cover.
with

coverages as (

    select
        'unit_cost_monthly' as mart,
        account,
        month as date,
        coverage

    from unit_cost_monthly

    union all

    select
        'data_quality' as mart,
        account,
        from_date as date,
        cost_coverage as coverage

    from data_quality

),

impossible as (

    select * from coverages
    where coverage not between 0 and 1

)

select * from impossible
