-- One row per bill_id: an item of the bill of a day, by workspace.
--
-- bill_id: Id of the item; equal content has an equal id in every fetch.
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the cost.
-- workspace_id: Id of the workspace; null for the default workspace.
-- description: The item, as the bill words it.
-- cost_type: tokens, web_search, code_execution or an unlisted type; null if not sent.
-- model: Model name; null where the item has none, as for web searches.
-- token_type: Kind of tokens, as in output_tokens; null where the item has none.
-- service_tier: batch or standard; null where the item has none. Never priority.
-- context_window: Size of the context, as in 0-200k; null where the item has none.
-- inference_geo: Where the model ran, as in global or us; null where it has none.
-- currency: Currency of the cost, as in USD.
-- billed_cost: Billed cost in units of the currency, to 12 places. Not the estimate.
with

items as (

    select * from claude_code.cost_report

),

named as (

    select
        _dlt_id as bill_id,
        account,
        organization_id,
        date,
        workspace_id,
        description,
        cost_type,
        model,
        token_type,
        service_tier,
        context_window,
        inference_geo,
        currency,
        -- cents to currency, rounded to twelve places as in stg_model_usage
        cast(
            round(amount, 10) * cast('0.01' as decimal(2, 2)) as decimal(38, 12)
        ) as billed_cost

    from items

)

select * from named
