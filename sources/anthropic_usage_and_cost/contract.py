"""The tables of the reports in buckets. A row is one result of a day's bucket.

A column's name is the path of a value in the result, joined by two underscores, as in
`usage_report`. `GROUPS` are what the API is asked to group by: ungrouped it gives one
sum for all, and every other field is null.

Source: https://platform.claude.com/docs/en/api/admin-api/usage-cost/get-cost-report and
.../get-messages-usage-report
"""

import pyarrow as pa

from whole_days.ledger_tables import ACCOUNT
from whole_days.table import ID, Column, Table

# Cents with all their digits, as the usage report's estimates.
CENTS = pa.decimal128(38, 24)

# Columns that no result leaves out. Without its amount an item would cost nothing.
ALWAYS_TOLD = ("amount",)

COST_GROUPS = ("workspace_id", "description")
MESSAGES_GROUPS = (
    "api_key_id",
    "workspace_id",
    "model",
    "service_tier",
    "context_window",
    "inference_geo",
)


def count_column(name: str, meaning: str) -> Column:
    """A column of a whole number."""
    return Column(name, pa.int64(), f"{meaning} (count).")


WORKSPACE = Column(
    "workspace_id",
    pa.string(),
    "Id of the workspace; null for the default workspace.",
)
_CONTEXT_WINDOW = Column(
    "context_window", pa.string(), "Size of the context: 0-200k or 200k-1M."
)
_GEO = Column(
    "inference_geo",
    pa.string(),
    "Where the model ran: global, us or not_available.",
)
COUNTS = [
    count_column("uncached_input_tokens", "Uncached input tokens"),
    count_column("cache_read_input_tokens", "Tokens read from the cache"),
    count_column(
        "cache_creation__ephemeral_5m_input_tokens",
        "Tokens written to the cache for five minutes",
    ),
    count_column(
        "cache_creation__ephemeral_1h_input_tokens",
        "Tokens written to the cache for an hour",
    ),
    count_column("output_tokens", "Output tokens"),
    count_column("server_tool_use__web_search_requests", "Web searches"),
]
LAST = [
    Column(
        "unknown_fields",
        pa.string(),
        "JSON object as text: the result's fields beyond the known contract, by path; "
        "null when there are none.",
    ),
    Column(
        ID,
        pa.string(),
        "Stable id of the row: the same content has the same id in every fetch.",
    ),
]


def key_columns(of: str) -> list[Column]:
    """The columns that every row has; `of` is what the day is one of."""
    return [
        ACCOUNT,
        Column("date", pa.date32(), f"UTC day of the {of}."),
        Column(
            "organization_id",
            pa.string(),
            "UUID of the organisation that the key belongs to.",
        ),
    ]


COST = Table(
    "cost_report",
    "One row per item of the bill of a day: by workspace and description. Costs of the "
    "Priority Tier are not in it.",
    [
        *key_columns("cost"),
        WORKSPACE,
        Column("description", pa.string(), "The item, as the bill words it."),
        Column(
            "cost_type",
            pa.string(),
            "tokens, web_search, code_execution or session_usage.",
        ),
        Column("model", pa.string(), "Model name; null where the item has none."),
        Column(
            "token_type",
            pa.string(),
            "Kind of tokens, as in output_tokens; null where the item has none.",
        ),
        _CONTEXT_WINDOW,
        Column("service_tier", pa.string(), "batch or standard."),
        _GEO,
        Column("currency", pa.string(), "Currency of the amount, USD so far."),
        Column(
            "amount",
            CENTS,
            "Billed cost in cents of the currency, exact, after discounts.",
        ),
        *LAST,
    ],
    is_data=True,
    filtered_by=("organization_id", "workspace_id"),
)

MESSAGES = Table(
    "messages_usage",
    "One row per group of a day's use of the Messages API: by API key, workspace, "
    "model, service tier, context window and inference geo.",
    [
        *key_columns("usage"),
        Column(
            "api_key_id",
            pa.string(),
            "Id of the API key; null for use in the Console.",
        ),
        WORKSPACE,
        Column("model", pa.string(), "Model name."),
        Column(
            "service_tier",
            pa.string(),
            "standard, batch, priority, priority_on_demand, flex or flex_discount.",
        ),
        _CONTEXT_WINDOW,
        _GEO,
        *COUNTS,
        *LAST,
    ],
    is_data=True,
    filtered_by=("organization_id", "api_key_id"),
)
