-- One row per messages_usage_id: tokens of a day by API key, workspace and model.
--
-- messages_usage_id: Id of the row; equal content has an equal id in every fetch.
-- account: Account of the API key; default unless several are configured.
-- organization_id: UUID of the organisation.
-- date: UTC day of the usage.
-- api_key_id: Id of the API key that made the calls; null for use in the Console.
-- workspace_id: Id of the workspace; null for the default workspace.
-- model: Model name.
-- service_tier: standard, batch, priority or an unlisted tier; null if not sent.
-- context_window: Size of the context, as in 0-200k; null if not sent.
-- inference_geo: Where the model ran, as in global or us; null if not sent.
-- input_tokens: Uncached input tokens (count).
-- output_tokens: Output tokens (count).
-- cache_read_tokens: Tokens read from the cache (count).
-- cache_creation_5m_tokens: Tokens written to the cache for five minutes (count).
-- cache_creation_1h_tokens: Tokens written to the cache for an hour (count).
-- web_searches: Web searches (count).
with

usage as (

    select * from claude_code.messages_usage

),

-- A missing count is zero.
named as (

    select
        _dlt_id as messages_usage_id,
        account,
        organization_id,
        date,
        api_key_id,
        workspace_id,
        model,
        service_tier,
        context_window,
        inference_geo,
        coalesce(uncached_input_tokens, 0) as input_tokens,
        coalesce(output_tokens, 0) as output_tokens,
        coalesce(cache_read_input_tokens, 0) as cache_read_tokens,
        coalesce(
            cache_creation__ephemeral_5m_input_tokens, 0
        ) as cache_creation_5m_tokens,
        coalesce(
            cache_creation__ephemeral_1h_input_tokens, 0
        ) as cache_creation_1h_tokens,
        coalesce(server_tool_use__web_search_requests, 0) as web_searches

    from usage

)

select * from named
