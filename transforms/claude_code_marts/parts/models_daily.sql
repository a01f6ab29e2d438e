-- One row per account, date and model: the records that name a model.
-- materialised = day
--
-- account: Account of the API key; default unless several are configured.
-- date: UTC day of the usage.
-- model: Model name.
-- records: Records with an entry of the model (count).
with

model_usage as (

    select * from stg_model_usage

),

named as (

    select
        account,
        date,
        model,
        count(distinct usage_id) as records

    from model_usage
    where model is not null
    group by account, date, model

)

select * from named
