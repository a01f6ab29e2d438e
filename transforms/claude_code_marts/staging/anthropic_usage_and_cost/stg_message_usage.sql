-- One row per account and message_usage_id: tokens of a day by key, workspace and model.
--
-- account: Account of the API key; default unless several are configured.
-- message_usage_id: Id of the group; equal content has an equal id in every fetch.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- api_key_id: Id of the key that made the requests; null for use in the Console.
-- workspace_id: Id of the workspace; null for the default one.
-- model: Model name.
-- service_tier: standard, batch, priority, priority_on_demand, flex or flex_discount.
-- context_window: Size of the context: 0-200k or 200k-1M.
-- inference_geo: Where the model ran: global, us or not_available.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_5m_tokens: Tokens written to the cache for five minutes (count).
-- cache_1h_tokens: Tokens written to the cache for an hour (count).
-- web_searches: Web searches (count).
with

groups_of_days as (

    select * from claude_code.messages_usage

),

named as (

    select
        account,
        _dlt_id as message_usage_id,
        organization_id,
        date,
        api_key_id,
        workspace_id,
        model,
        service_tier,
        context_window,
        inference_geo,
        uncached_input_tokens as input_tokens,
        output_tokens,
        cache_read_input_tokens as cache_read_tokens,
        cache_creation__ephemeral_5m_input_tokens as cache_5m_tokens,
        cache_creation__ephemeral_1h_input_tokens as cache_1h_tokens,
        server_tool_use__web_search_requests as web_searches

    from groups_of_days

)

select * from named
