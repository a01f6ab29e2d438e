-- One row per weekday: the days off of a week, Saturday and Sunday unless others are set.
--
-- weekday: Number of a weekday off, 0 for a Thursday, as in forecast_days.
-- iso_weekday: Number of the same day in ISO 8601, 1 for a Monday and 7 for a Sunday.
with

weekend_days as (

    select * from claude_code.weekend_days

),

files as (

    select * from stg_input_files
    where name = 'weekend'

),

in_force as (

    select weekend_days.weekday as iso_weekday

    from weekend_days
    inner join files
        on weekend_days._dlt_load_id = files.load_id

),

usual as (

    select 6 as iso_weekday

    union all

    select 7 as iso_weekday

),

-- A stored weekend has a day at least.
days_off as (

    select iso_weekday from in_force

    union all

    select iso_weekday from usual
    where (select count(*) from in_force) = 0

),

-- Marts count days from the first of 1970, which was a Thursday.
numbered as (

    select
        cast((iso_weekday + 3) % 7 as bigint) as weekday,
        cast(iso_weekday as bigint) as iso_weekday

    from days_off

)

select * from numbered
