"""The bill and the tokens of the made-up organisation by actor, key and product.

The costs of a day sum to the bill, and the tokens to those of the messages report.
"""

import datetime as dt
from decimal import Decimal
from typing import Any

from .bill import (
    CENTS_OF_A_SEARCH,
    CENTS_OF_CODE_EXECUTION,
    KINDS,
    Group,
    part_told,
    searches_of,
    spent,
    token_costs,
)
from .directory import CI, PRODUCT, actor_of
from .people import ADOPTED

Row = dict[str, Any]


def cost(day: dt.date, today: dt.date) -> list[Row]:
    """The rows of a day by all dimensions, as they stand today."""
    found = []
    for group, kind, cents, paid in token_costs(day):
        part = part_told(group.model, kind, day, today)
        of = _group(group, today) | {
            "cost_type": "tokens",
            "token_type": KINDS[kind][0],
        }
        found.append({"group": of, "cost": _cost(paid * part, cents * part)})
    for group, searches in searches_of(day).items():
        of = _group(group, today) | {"model": None, "cost_type": "web_search"}
        cents = Decimal(searches * CENTS_OF_A_SEARCH)
        found.append({"group": of | {"token_type": None}, "cost": _cost(cents, cents)})
    if day >= ADOPTED and day.weekday() < 5:
        cents = CENTS_OF_CODE_EXECUTION
        found.append({"group": _of_code_execution(), "cost": _cost(cents, cents)})
    return found


def usage(day: dt.date, today: dt.date) -> list[Row]:
    """The rows of a day by all dimensions."""
    searches = searches_of(day)
    return [
        {
            "group": _group(group, today),
            "usage": {
                "total_tokens": tokens.total(),
                "uncached_input_tokens": tokens["input"],
                "cache_read_input_tokens": tokens["cache_read"],
                "cache_creation": {
                    "ephemeral_1h_input_tokens": 0,
                    "ephemeral_5m_input_tokens": tokens["cache_creation"],
                },
                "output_tokens": tokens["output"],
                "server_tool_use": {"web_search_requests": searches.get(group, 0)},
                "requests": None,
            },
        }
        for group, tokens in spent(day).items()
    ]


def _group(group: Group, today: dt.date) -> Row:
    is_product = group.workspace_id == PRODUCT
    return {
        "actor": actor_of(group.api_key_id, today),
        "api_key_id": group.api_key_id,
        "context_window": None,
        "model": group.model,
        "product": None if is_product else "claude_code",
        "workspace_id": group.workspace_id,
    }


def _of_code_execution() -> Row:
    nothing = dict.fromkeys(("actor", "api_key_id", "context_window", "model"))
    types = {"cost_type": "code_execution", "token_type": None}
    return {**nothing, "product": None, "workspace_id": CI, **types}


def _cost(paid: Decimal, listed: Decimal) -> Row:
    return {
        "amount": f"{paid:f}",
        "list_amount": f"{listed:f}",
        "currency": "USD",
        "requests": None,
    }
