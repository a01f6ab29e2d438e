-- One row per account and cost_item_id: an item of the bill of a day.
--
-- account: Account of the API key; default unless several are configured.
-- cost_item_id: Id of the item; equal content has an equal id in every fetch.
-- organization_id: UUID of the organisation.
-- date: UTC day of the cost.
-- workspace_id: Id of the workspace; null for the default one.
-- description: The item, as the bill words it.
-- cost_type: tokens, web_search, code_execution or session_usage; null if not told.
-- model: Model name; null where the item has none.
-- token_type: Kind of tokens, as in output_tokens; null where the item has none.
-- context_window: Size of the context, 0-200k or 200k-1M; null where the item has none.
-- service_tier: batch or standard; null where the item has none. Never priority.
-- inference_geo: global, us or not_available; null where the item has none.
-- currency: Currency of the cost, USD so far.
-- billed_cost: Cost after discounts, before credits, in units of the currency, to 12 places.
with

items as (

    select * from claude_code.cost_report

),

converted as (

    select
        account,
        _dlt_id as cost_item_id,
        organization_id,
        date,
        workspace_id,
        description,
        cost_type,
        model,
        token_type,
        context_window,
        service_tier,
        inference_geo,
        currency,
        -- cents to currency, as in stg_model_usage
        cast(
            round(amount, 10) * cast('0.01' as decimal(2, 2)) as decimal(38, 12)
        ) as billed_cost

    from items

)

select * from converted
