"""What the made-up organisation is billed, and the tokens that this follows from.

The bill of a day is the estimate of the usage that is billed by the token, except that

- Opus has a discount,
- web searches and code execution cost something, and no estimate has them,
- the Priority Tier, which a nightly job uses on Mondays, is not in the bill,
- other programs than Claude Code use the API with their own key,
- on Thursdays a part of the costs comes some days late.

Subscriptions are not billed by the token.
"""

import datetime as dt
from collections import Counter, defaultdict
from collections.abc import Iterator
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Any, NamedTuple

from .directory import CI, CLAUDE_CODE, PRODUCT, key_of
from .organisation import usage
from .people import ADOPTED, SEED
from .prices import HAIKU, MICROCENTS, OPUS, PRICES, SONNET

Result = dict[str, Any]

DISCOUNTS = {OPUS: Decimal("0.9")}  # what is paid of the list price
CENTS_OF_A_SEARCH = 1
CENTS_OF_CODE_EXECUTION = Decimal("5.25")  # on each working day
LATE = (SONNET, "cache_read_input_tokens")  # of this the bill first has a part only
LATE_PART = Decimal("0.75")
LATE_DAYS = 4
THURSDAY, MONDAY = 3, 0

# The API's names, and the words of the bill, for the kinds of tokens.
KINDS = {
    "input": ("uncached_input_tokens", "Input Tokens"),
    "output": ("output_tokens", "Output Tokens"),
    "cache_read": ("cache_read_input_tokens", "Cache Read"),
    "cache_creation": ("cache_creation.ephemeral_5m_input_tokens", "Cache Write, 5m"),
}


class Group(NamedTuple):
    """Whose tokens they are."""

    api_key_id: str
    workspace_id: str | None
    model: str
    service_tier: str


def messages(day: dt.date, _today: dt.date) -> list[Result]:
    """The results of the messages report, by all fields."""
    searches = searches_of(day)
    return [
        _messages(group, tokens, searches.get(group, 0))
        for group, tokens in spent(day).items()
    ]


def costs(day: dt.date, today: dt.date) -> list[Result]:
    """The results of the cost report, by all fields, as they stand today."""
    amounts: dict[tuple[str | None, str, str], Decimal] = defaultdict(Decimal)
    for group, kind, _, paid in token_costs(day):
        amounts[group.workspace_id, group.model, kind] += paid
    found = [
        _tokens(workspace, model, kind, cents * part_told(model, kind, day, today))
        for (workspace, model, kind), cents in amounts.items()
    ]
    return [*found, *_other_costs(day)]


def token_costs(day: dt.date) -> Iterator[tuple[Group, str, Decimal, Decimal]]:
    """What is billed for tokens: group, kind, cents at list price, and cents paid."""
    for group, tokens in spent(day).items():
        if group.service_tier != "priority":
            for kind, number in tokens.items():
                cents = Decimal(number * PRICES[group.model][kind]) / MICROCENTS
                yield group, kind, cents, cents * DISCOUNTS.get(group.model, 1)


def part_told(model: str, kind: str, day: dt.date, today: dt.date) -> Decimal:
    """The part of a cost that the bill has today."""
    is_late = day.weekday() == THURSDAY and (today - day).days < LATE_DAYS
    return LATE_PART if is_late and (model, KINDS[kind][0]) == LATE else Decimal(1)


def _other_costs(day: dt.date) -> Iterator[Result]:
    if searches := sum(searches_of(day).values()):
        cents = Decimal(searches * CENTS_OF_A_SEARCH)
        yield _cost(CLAUDE_CODE, "Web Search Usage", "web_search", cents)
    if day >= ADOPTED and day.weekday() < 5:
        cents = CENTS_OF_CODE_EXECUTION
        yield _cost(CI, "Code Execution Usage", "code_execution", cents)


@lru_cache(maxsize=100)
def spent(day: dt.date) -> dict[Group, Counter[str]]:
    """The tokens of Claude Code that are billed by the token, and of the product."""
    found: dict[Group, Counter[str]] = defaultdict(Counter)
    for record in usage(day):
        if record["customer_type"] == "api":
            for entry in record["model_breakdown"]:
                group = _group(record["actor"], entry["model"], day)
                found[group].update(entry["tokens"])
    if day >= ADOPTED:
        rng = Random(f"{SEED} product {day}")
        group = Group("apikey_01Backend", PRODUCT, HAIKU, "standard")
        found[group].update({kind: 1000 * rng.randint(50, 90) for kind in KINDS})
    return found


def _group(actor: dict[str, str], model: str, day: dt.date) -> Group:
    key_id, workspace_id = key_of(actor)
    is_nightly = actor.get("api_key_name") == "nightly-refactor"
    tier = "priority" if is_nightly and day.weekday() == MONDAY else "standard"
    return Group(key_id, workspace_id, model, tier)


def searches_of(day: dt.date) -> dict[Group, int]:
    """The web searches, all by people who signed in to Claude Code."""
    rng = Random(f"{SEED} searches {day}")
    people = (group for group in spent(day) if group.workspace_id == CLAUDE_CODE)
    return {group: rng.randint(1, 9) for group in people if rng.random() < 0.3}


def _messages(group: Group, tokens: Counter[str], searches: int) -> Result:
    return {
        "account_id": None,
        "api_key_id": group.api_key_id,
        "cache_creation": {
            "ephemeral_1h_input_tokens": 0,
            "ephemeral_5m_input_tokens": tokens["cache_creation"],
        },
        "cache_read_input_tokens": tokens["cache_read"],
        "context_window": "0-200k",
        "inference_geo": "global",
        "model": group.model,
        "output_tokens": tokens["output"],
        "server_tool_use": {"web_search_requests": searches},
        "service_account_id": None,
        "service_tier": group.service_tier,
        "uncached_input_tokens": tokens["input"],
        "workspace_id": group.workspace_id,
    }


def _tokens(workspace_id: str | None, model: str, kind: str, cents: Decimal) -> Result:
    token_type, words = KINDS[kind]
    of_tokens = {
        "model": model,
        "token_type": token_type,
        "context_window": "0-200k",
        "service_tier": "standard",
        "inference_geo": "global",
    }
    description = f"{model} Usage - {words}"
    return _cost(workspace_id, description, "tokens", cents) | of_tokens


def _cost(
    workspace_id: str | None, description: str, cost_type: str, cents: Decimal
) -> Result:
    return {
        "amount": f"{cents:f}",
        "context_window": None,
        "cost_type": cost_type,
        "currency": "USD",
        "description": description,
        "inference_geo": None,
        "model": None,
        "service_tier": None,
        "token_type": None,
        "workspace_id": workspace_id,
    }
