"""The shape of a record of the API, and of the tables made of it.

One record is nested JSON; `RECORD` is its Arrow type as far as the API's reference
describes it. Column names follow dlt: the path of a value, joined by two underscores.

Source: https://platform.claude.com/docs/en/api/admin-api/claude-code/get-claude-code-usage-report
"""

from collections.abc import Iterable

import pyarrow as pa

# Cents are a JSON number that nobody promises to be whole, and one printed from a
# double has up to 17 digits: 24 places hold it even for what a single token costs, and
# 14 digits remain in front of the point.
CENTS = pa.decimal128(38, 24)

# Arrow's JSON reader checks the digits of a number before it scales it, so a large one
# would overflow unseen. Here none can: 52 digits and 24 zeros fit into 76.
CENTS_READ = pa.decimal256(52, 24)

KNOWN_ACTOR_TYPES = ("user_actor", "api_actor")

KNOWN_TOOLS = ("edit_tool", "multi_edit_tool", "notebook_edit_tool", "write_tool")

TOOL = pa.struct([("accepted", pa.int64()), ("rejected", pa.int64())])

MODEL = pa.struct(
    [
        ("model", pa.string()),
        (
            "tokens",
            pa.struct(
                [
                    ("input", pa.int64()),
                    ("output", pa.int64()),
                    ("cache_read", pa.int64()),
                    ("cache_creation", pa.int64()),
                ]
            ),
        ),
        (
            "estimated_cost",
            pa.struct([("currency", pa.string()), ("amount", CENTS_READ)]),
        ),
    ]
)

RECORD = pa.struct(
    [
        ("date", pa.string()),
        ("organization_id", pa.string()),
        (
            "actor",
            pa.struct(
                [
                    ("type", pa.string()),
                    ("email_address", pa.string()),
                    ("api_key_name", pa.string()),
                ]
            ),
        ),
        ("customer_type", pa.string()),
        ("subscription_type", pa.string()),
        ("is_remote", pa.bool_()),
        ("terminal_type", pa.string()),
        (
            "core_metrics",
            pa.struct(
                [
                    ("num_sessions", pa.int64()),
                    (
                        "lines_of_code",
                        pa.struct([("added", pa.int64()), ("removed", pa.int64())]),
                    ),
                    ("commits_by_claude_code", pa.int64()),
                    ("pull_requests_by_claude_code", pa.int64()),
                ]
            ),
        ),
    ]
)

# What tells one record of a day from another, at best: nobody promises it is unique.
GRAIN = (
    "organization_id",
    "actor__type",
    "actor__email_address",
    "actor__api_key_name",
    "customer_type",
    "subscription_type",
    "is_remote",
    "terminal_type",
)


def record_type(tools: Iterable[str]) -> pa.StructType:
    """The Arrow type of a whole record when `tools` are the tools it may name."""
    return pa.struct(
        [
            *RECORD,
            ("tool_actions", pa.struct([(tool, TOOL) for tool in sorted(tools)])),
            ("model_breakdown", pa.list_(MODEL)),
        ]
    )


def reply_schema(tools: Iterable[str]) -> pa.Schema:
    """The Arrow schema of `{"reply": ...}` around one reply, a page of records."""
    page = pa.struct(
        [
            ("data", pa.list_(record_type(tools))),
            ("has_more", pa.bool_()),
            ("next_page", pa.string()),
        ]
    )
    return pa.schema([("reply", page)])


_KEYS = {
    "account": "Name of the key the data came with; default unless several are set.",
    "date": "UTC day of the usage.",
    "organization_id": "UUID of the organisation.",
}
_PARENT = {
    "_dlt_parent_id": "_dlt_id of the usage_report row this belongs to.",
    "_dlt_list_idx": "Position in the record's list, from 0.",
    "_dlt_id": "Stable id of the row: equal content has an equal id in every fetch.",
    "_dlt_load_id": "Load that wrote the row; completed ones are in _dlt_loads.",
}

TABLES = {
    "usage_report": (
        "One row per record of the Claude Code usage report: a day's activity of one "
        "actor in one terminal, remote and local apart.",
        {
            **_KEYS,
            "actor__type": "user_actor, api_actor or a kind not known yet.",
            "actor__email_address": "Email of a user_actor, as the API wrote it.",
            "actor__api_key_name": "Name of an api_actor's key; neither unique nor "
            "permanent.",
            "customer_type": "api (billed by the token) or subscription.",
            "subscription_type": "Plan of a subscription: enterprise, team.",
            "is_remote": "True for sessions that ran remotely; null in older data.",
            "terminal_type": "Terminal or editor, when it was detected.",
            "core_metrics__num_sessions": "Sessions (count).",
            "core_metrics__lines_of_code__added": "Lines of code added (count).",
            "core_metrics__lines_of_code__removed": "Lines of code removed (count).",
            "core_metrics__commits_by_claude_code": "Commits (count).",
            "core_metrics__pull_requests_by_claude_code": "Pull requests (count).",
            "unknown_fields": "JSON object as text: what the record held beyond the "
            "known contract, by path; null when there was nothing.",
            "_dlt_id": _PARENT["_dlt_id"],
            "_dlt_load_id": _PARENT["_dlt_load_id"],
        },
    ),
    "usage_report__model_breakdown": (
        "One row per record and entry of its model breakdown.",
        {
            **_KEYS,
            "model": "Model name.",
            "tokens__input": "Uncached input tokens (count).",
            "tokens__output": "Output tokens (count).",
            "tokens__cache_read": "Tokens read from the cache (count).",
            "tokens__cache_creation": "Tokens written to the cache (count).",
            "estimated_cost__currency": "Currency of the estimate, USD so far.",
            "estimated_cost__amount": "Estimated cost in cents of the currency, exact.",
            **_PARENT,
        },
    ),
    "usage_report__tool_actions": (
        "One row per record and tool whose proposals were answered.",
        {
            **_KEYS,
            "tool": "Tool name, as in edit_tool.",
            "accepted": "Proposals accepted (count).",
            "rejected": "Proposals rejected (count).",
            **{name: text for name, text in _PARENT.items() if name != "_dlt_list_idx"},
        },
    ),
    "day_fetches": (
        "One row per completed or failed fetch of a day, only ever appended. A row "
        "counts when its load is in _dlt_loads.",
        {
            "account": _KEYS["account"],
            "date": "UTC day that was fetched.",
            "fetched_at": "When the fetch began (UTC).",
            "load_number": "Number of the load that fetched it, one more than the "
            "greatest before of this account.",
            "status": "complete or failed.",
            "error": "Why it failed; null when complete.",
            "is_final": "True when the day was over and settled as the fetch began.",
            "pages": "Replies the day came in (count).",
            "records": "Records of the day, that is rows of usage_report (count).",
            "model_breakdown_rows": "Rows of usage_report__model_breakdown (count).",
            "tool_actions_rows": "Rows of usage_report__tool_actions (count).",
            "num_sessions": "Sessions of the day (count).",
            "estimated_cost_cents": "Estimated cost of the day in US cents; entries in "
            "another currency are not in it.",
            "content_hash": "Hash of the day's records in any order.",
            "is_changed": "True when the content differs from the last completed fetch "
            "or there was none; null when failed.",
            "_dlt_load_id": _PARENT["_dlt_load_id"],
        },
    ),
    "day_fetches__unknowns": (
        "One row per fetch of a day and thing in it that the contract does not know, "
        "only ever appended.",
        {
            "account": _KEYS["account"],
            "date": "UTC day that was fetched.",
            "fetched_at": "When the fetch began (UTC), as in day_fetches.",
            "kind": "field, tool or actor_type.",
            "name": "Path of a field, name of a tool, or actor type.",
            "records": "Records of the day that had it (count).",
            "example": "One value as JSON text, without emails.",
            "_dlt_load_id": _PARENT["_dlt_load_id"],
        },
    ),
}

DATA_TABLES = (
    "usage_report",
    "usage_report__model_breakdown",
    "usage_report__tool_actions",
)

DAY_FETCHES = pa.schema(
    [
        ("account", pa.string()),
        ("date", pa.date32()),
        ("fetched_at", pa.timestamp("us", "UTC")),
        ("load_number", pa.int64()),
        ("status", pa.string()),
        ("error", pa.string()),
        ("is_final", pa.bool_()),
        ("pages", pa.int64()),
        ("records", pa.int64()),
        ("model_breakdown_rows", pa.int64()),
        ("tool_actions_rows", pa.int64()),
        ("num_sessions", pa.int64()),
        ("estimated_cost_cents", CENTS),
        ("content_hash", pa.string()),
        ("is_changed", pa.bool_()),
    ]
)

DAY_FETCHES__UNKNOWNS = pa.schema(
    [
        ("account", pa.string()),
        ("date", pa.date32()),
        ("fetched_at", pa.timestamp("us", "UTC")),
        ("kind", pa.string()),
        ("name", pa.string()),
        ("records", pa.int64()),
        ("example", pa.string()),
    ]
)
