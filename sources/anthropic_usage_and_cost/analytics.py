"""The tables of the reports in rows. A row is one group of a day.

Unverified: built to the published reference, and never tried with a live key. A
column's name is the path of a value in `group` or in the row's numbers.

Source: https://platform.claude.com/docs/en/api/beta/organization/analytics/cost and
.../usage; the numbers of usage are those that the older analytics reports document.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

import pyarrow as pa

from whole_days.table import Column, Table

from .contract import CENTS, COUNTS, LAST, WORKSPACE, count_column, key_columns

HEADERS: Final[Mapping[str, str]] = {
    "anthropic-beta": "analytics-usage-cost-2026-08-24"
}

# The API has these reports from the first day on, and for so many days back.
FIRST_DAY: Final = date(2026, 1, 1)
DAYS_BACK: Final = 365

COST_GROUPS: Final = (
    *("actor", "api_key_id", "model", "product", "workspace_id"),
    *("cost_type", "token_type"),
)
USAGE_GROUPS: Final = ("actor", "api_key_id", "model", "product", "workspace_id")


def first_day(today: date) -> date:
    """The first day that the API gives today. One that began 365 days ago is older."""
    return max(FIRST_DAY, today - timedelta(DAYS_BACK - 1))


def _text(name: str, meaning: str) -> Column:
    return Column(name, pa.string(), meaning)


_REQUESTS: Final = "Requests, or spans of code execution"
_WHOSE: Final = [
    _text(
        "actor__type",
        "user_actor, service_account_actor, federated_actor or api_actor; null for "
        "what is of nobody.",
    ),
    _text(
        "actor__user_id",
        "Id of the person, as users.id; the email and the name are not stored here.",
    ),
    _text("actor__service_account_id", "Id of the service account."),
    _text(
        "actor__api_key_id",
        "Id of the API key that is itself the actor, because its use is of nobody.",
    ),
    _text("api_key_id", "Id of the API key that was used, whoever the actor is."),
    WORKSPACE,
    _text("product", "Product, as in claude_code; null where the API names none."),
    _text("model", "Model name; null where the row has none."),
]

COST: Final = Table(
    "analytics_cost",
    "Unverified: never compared with a live reply. One row per group of a day's bill: "
    "by actor, API key, workspace, product, model, type of cost and type of tokens.",
    [
        *key_columns("cost"),
        *_WHOSE,
        _text("cost_type", "tokens, web_search, code_execution or session_usage."),
        _text(
            "token_type",
            "Kind of tokens, as in output_tokens; null where the row has none.",
        ),
        _text("currency", "Currency of the amounts, USD so far."),
        Column(
            "amount",
            CENTS,
            "Billed cost in cents of the currency, exact, after discounts and before "
            "credits.",
        ),
        Column(
            "list_amount",
            CENTS,
            "Cost at list price in cents of the currency, exact, before discounts.",
        ),
        count_column("requests", f"{_REQUESTS}; null by type of tokens"),
        *LAST,
    ],
    is_data=True,
    filtered_by=("organization_id", "workspace_id"),
)

USAGE: Final = Table(
    "analytics_usage",
    "Unverified: never compared with a live reply. One row per group of a day's use: "
    "by actor, API key, workspace, product and model.",
    [
        *key_columns("usage"),
        *_WHOSE,
        count_column("total_tokens", "Tokens of all kinds"),
        *COUNTS,
        count_column("requests", _REQUESTS),
        *LAST,
    ],
    is_data=True,
    filtered_by=("organization_id", "api_key_id"),
)
