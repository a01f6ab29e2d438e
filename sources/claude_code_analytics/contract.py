"""The shape of an API record, and of the tables made from it.

One record is nested JSON. `RECORD` is its Arrow type, as the API's reference documents
it. Column names follow dlt: the path of a value, joined by two underscores.

Source: https://platform.claude.com/docs/en/api/admin-api/claude-code/get-claude-code-usage-report
"""

from collections.abc import Iterable

import pyarrow as pa

from whole_days.ledger_tables import ACCOUNT, notes
from whole_days.table import Column, Table

# Cents are a JSON number, not promised to be whole. A printed double has up to 17
# digits. 24 places hold them even for the cost of a single token, and leave 14 digits
# in front of the point.
CENTS = pa.decimal128(38, 24)

# Arrow's reader overflows silently when it scales a number. Reading 52 digits into
# decimal256 leaves room for 24 more places.
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

# The keys of a record within a day. The API does not promise that they are unique.
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
    """The Arrow type of a whole record that may have these tools."""
    return pa.struct(
        [
            *RECORD,
            ("tool_actions", pa.struct([(tool, TOOL) for tool in sorted(tools)])),
            ("model_breakdown", pa.list_(MODEL)),
        ]
    )


def reply_schema(tools: Iterable[str]) -> pa.Schema:
    """The Arrow schema of `{"reply": ...}`, where a reply is one page of records."""
    page = pa.struct(
        [
            ("data", pa.list_(record_type(tools))),
            ("has_more", pa.bool_()),
            ("next_page", pa.string()),
        ]
    )
    return pa.schema([("reply", page)])


_KEYS = [
    ACCOUNT,
    Column("date", pa.date32(), "UTC day of the usage."),
    Column("organization_id", pa.string(), "UUID of the organisation."),
]
_PARENT = Column(
    "_dlt_parent_id",
    pa.string(),
    "_dlt_id of the usage_report row that this row belongs to.",
)
_ID = Column(
    "_dlt_id",
    pa.string(),
    "Stable id of the row: the same content has the same id in every fetch.",
)

USAGE_REPORT = Table(
    "usage_report",
    "One row per record of the Claude Code usage report: a day's activity of one "
    "actor in one terminal, with remote and local use apart.",
    [
        *_KEYS,
        Column(
            "actor__type",
            pa.string(),
            "user_actor, api_actor or an unknown type.",
        ),
        Column(
            "actor__email_address",
            pa.string(),
            "Email of a user_actor, as the API wrote it, or its pseudonym. Null also "
            "when the person is forgotten or the day is stored as sums.",
        ),
        Column(
            "actor__api_key_name",
            pa.string(),
            "Name of an api_actor's key, or its pseudonym; neither unique nor "
            "permanent. Null as the email is.",
        ),
        Column(
            "customer_type", pa.string(), "api (billed by the token) or subscription."
        ),
        Column(
            "subscription_type",
            pa.string(),
            "Plan of a subscription: enterprise, team.",
        ),
        Column(
            "is_remote",
            pa.bool_(),
            "True for sessions that ran remotely; null in older data.",
        ),
        Column(
            "terminal_type", pa.string(), "Terminal or editor, when it was detected."
        ),
        Column("core_metrics__num_sessions", pa.int64(), "Sessions (count)."),
        Column(
            "core_metrics__lines_of_code__added",
            pa.int64(),
            "Lines of code added (count).",
        ),
        Column(
            "core_metrics__lines_of_code__removed",
            pa.int64(),
            "Lines of code removed (count).",
        ),
        Column("core_metrics__commits_by_claude_code", pa.int64(), "Commits (count)."),
        Column(
            "core_metrics__pull_requests_by_claude_code",
            pa.int64(),
            "Pull requests (count).",
        ),
        Column(
            "unknown_fields",
            pa.string(),
            "JSON object as text: the record's fields beyond the known contract, by "
            "path; null when there are none.",
        ),
        _ID,
    ],
    is_data=True,
    filtered_by=("organization_id", "actor__email_address"),
)

MODEL_BREAKDOWN = Table(
    "usage_report__model_breakdown",
    "One row per record and entry of its model breakdown.",
    [
        *_KEYS,
        Column("model", pa.string(), "Model name."),
        Column("tokens__input", pa.int64(), "Uncached input tokens (count)."),
        Column("tokens__output", pa.int64(), "Output tokens (count)."),
        Column("tokens__cache_read", pa.int64(), "Tokens read from the cache (count)."),
        Column(
            "tokens__cache_creation",
            pa.int64(),
            "Tokens written to the cache (count).",
        ),
        Column(
            "estimated_cost__currency",
            pa.string(),
            "Currency of the estimate, USD so far.",
        ),
        Column(
            "estimated_cost__amount",
            CENTS,
            "Estimated cost in cents of the currency, exact.",
        ),
        _PARENT,
        Column("_dlt_list_idx", pa.int64(), "Position in the record's list, from 0."),
        _ID,
    ],
    is_data=True,
    filtered_by=("organization_id", "model"),
)

TOOL_ACTIONS = Table(
    "usage_report__tool_actions",
    "One row per record and tool, with the answers to its proposals.",
    [
        *_KEYS,
        Column("tool", pa.string(), "Tool name, as in edit_tool."),
        Column("accepted", pa.int64(), "Proposals accepted (count)."),
        Column("rejected", pa.int64(), "Proposals rejected (count)."),
        _PARENT,
        _ID,
    ],
    is_data=True,
    filtered_by=("organization_id", "tool"),
)

FETCH_SUMS = notes(
    "claude_code",
    "One row per completed fetch of a day: sums of its records. Rows are only "
    "appended.",
    [
        Column("num_sessions", pa.int64(), "Sessions of the day (count)."),
        Column(
            "estimated_cost_cents",
            CENTS,
            "Estimated cost of the day in US cents, without entries in other "
            "currencies.",
        ),
        Column(
            "duplicates",
            pa.int64(),
            "Records that share every key with another one of the day (count).",
        ),
        Column(
            "records_with_cost",
            pa.int64(),
            "Records with an entry that has a cost, in any currency (count).",
        ),
    ],
)
