"""A made-up organisation and its use of Claude Code, one day at a time.

No data here is real. The records have the shape of the API's, so the demo, tests and
benchmarks need no key. A day's records depend only on the day and `SEED`: they are the
same in every process and in any order of days.

Every 60 days have their story, whichever they are: somebody is new, somebody has
stopped, and one day costs much more than usual.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from random import Random
from typing import Any

from .people import ADOPTED, MEMBERS, PLATFORM, SEED, TURN, Member, Role, contractors
from .prices import HAIKU, OPUS, PRICES, cents

Record = dict[str, Any]

ORGANIZATION_ID = "5b0c9f0e-7d3a-4c56-9a41-2f8e6d1b7c90"
HOLIDAYS = {(1, 1), (5, 1), (12, 24), (12, 25), (12, 26), (12, 31)}  # (month, day)

# Fields that the API may leave out. Some records here lack one.
OPTIONAL_FIELDS = ("subscription_type", "is_remote", "terminal_type")

# Average proposals of a session, and the percentage accepted.
TOOLS = {
    "edit_tool": (9.0, 87),
    "multi_edit_tool": (2.5, 79),
    "write_tool": (3.0, 93),
    "notebook_edit_tool": (2.0, 68),
}

# Average tokens of a session. Multiplied by any price below they are whole cents. So
# API keys, whose jobs never vary, cost whole cents, and people rarely do.
SESSION_TOKENS = {
    "input": 5_000,
    "output": 10_000,
    "cache_read": 1_500_000,
    "cache_creation": 140_000,
}

# On a Wednesday of each turn somebody of the platform team leaves a session running,
# which takes the tokens of so many, and of more as the organisation grows.
LOOP_DAY = 9  # days into the turn
LOOP_SESSIONS = 330


def usage(day: dt.date) -> list[Record]:
    """The API's records of `day`, as Python would read its JSON.

    There are about 40 to 100 on a working day, few or none on weekends and holidays,
    and none before `ADOPTED`. A member has one record for each terminal used, and
    another for remote use. Amounts are cents: an int if whole, else a float whose JSON
    text is the exact decimal.
    """
    rng = Random(f"{SEED} {day}")
    present = [member for member in MEMBERS if _is_active(member, day, rng)]
    records = [record for member in present for record in _records(member, day, rng)]
    if records and rng.random() < 0.15:
        rng.choice(records).pop(rng.choice(OPTIONAL_FIELDS))
    _let_one_loop(records, day)
    return records + _records_of_contractors(day)


def _records_of_contractors(day: dt.date) -> list[Record]:
    """Drawn apart from the others, whose records stay what they are without them."""
    rng = Random(f"{SEED} contractors {day}")
    present = [member for member in contractors(day) if _is_active(member, day, rng)]
    return [record for member in present for record in _records(member, day, rng)]


def _let_one_loop(records: list[Record], day: dt.date) -> None:
    """On one day of each turn a record of the platform team costs many times more."""
    platform = [member.actor for member in MEMBERS if member.role is PLATFORM]
    theirs = [
        record["model_breakdown"]
        for record in records
        if record["actor"] in platform and record["model_breakdown"]
    ]
    if theirs and (day - ADOPTED).days % TURN == LOOP_DAY:
        rng = Random(f"{SEED} loop {day}")
        sessions = LOOP_SESSIONS * growth(day)
        rng.choice(theirs)[0] = _model(OPUS, _tokens(sessions, True, rng))


def _is_active(member: Member, day: dt.date, rng: Random) -> bool:
    is_free = day.weekday() >= 5 or (day.month, day.day) in HOLIDAYS
    chance = member.role.weekend if is_free else member.role.presence
    is_there = member.joined <= day < member.left and not _is_on_leave(member, day)
    return rng.random() < chance and is_there


def _is_on_leave(member: Member, day: dt.date) -> bool:
    """Leave lasts whole weeks: it is drawn per week, since days are independent."""
    week = day.isocalendar()
    rng = Random(f"{SEED} {member.name} {week.year}-{week.week}")
    return member.role.takes_leave and rng.random() < 0.08


def _records(member: Member, day: dt.date, rng: Random) -> Iterator[Record]:
    for terminal in _terminals(member.role, rng):
        yield _record(member, day, terminal, False, rng)
    if member.role.varies and rng.random() < 0.12:
        yield _record(member, day, None, True, rng)


def _terminals(role: Role, rng: Random) -> list[str | None]:
    (count,) = rng.choices((1, 2, 3), weights=(55, 33, 12))
    return rng.sample(role.terminals, k=min(count, len(role.terminals)))


def _record(
    member: Member, day: dt.date, terminal: str | None, is_remote: bool, rng: Random
) -> Record:
    sessions = 1 + round(rng.expovariate(1 / (member.role.sessions * growth(day))))
    is_idle = member.role.varies and rng.random() < 0.06  # opened, then unused
    tools = _tool_actions(member, 0 if is_idle else sessions, rng)
    return {
        "date": f"{day}T00:00:00Z",
        "actor": dict(member.actor),
        "organization_id": ORGANIZATION_ID,
        "customer_type": member.customer_type,
        "subscription_type": member.subscription_type,
        "is_remote": is_remote,
        "terminal_type": terminal,
        "core_metrics": _core_metrics(sessions, tools, rng),
        "tool_actions": tools,
        "model_breakdown": [] if is_idle else _models(member.role, sessions, rng),
    }


def growth(day: dt.date) -> float:
    """Grows from 0.6 on the first day to 1.4 after two years, then stays."""
    return 0.6 + 0.8 * min(1.0, (day - ADOPTED).days / 730)


def _tool_actions(
    member: Member, sessions: int, rng: Random
) -> dict[str, dict[str, int]]:
    actions = {}
    for tool, (proposals, rate) in TOOLS.items():
        is_used = tool != "notebook_edit_tool" or member.role.notebooks
        offered = round(sessions * proposals * _jitter(rng)) if is_used else 0
        chance = (rate + member.leniency) / 100
        accepted = sum(rng.random() < chance for _ in range(offered))
        actions[tool] = {"accepted": accepted, "rejected": offered - accepted}
    return actions


def _core_metrics(
    sessions: int, tools: Mapping[str, Mapping[str, int]], rng: Random
) -> dict[str, Any]:
    accepted = sum(tool["accepted"] for tool in tools.values())
    commits = sum(rng.random() < 0.07 for _ in range(accepted))
    return {
        "num_sessions": sessions,
        "lines_of_code": {
            "added": round(accepted * 11 * _jitter(rng)),
            "removed": round(accepted * 4 * _jitter(rng)),
        },
        "commits_by_claude_code": commits,
        "pull_requests_by_claude_code": sum(rng.random() < 0.2 for _ in range(commits)),
    }


def _models(role: Role, sessions: int, rng: Random) -> list[dict[str, Any]]:
    """One model does the work; half of people's records add a little Haiku."""
    (model,) = rng.choices(list(role.models), weights=list(role.models.values()))
    shares = {model: 1.0}
    if role.varies and rng.random() < 0.5:
        shares.setdefault(HAIKU, 0.1)
    return [
        _model(model, _tokens(sessions * share, role.varies, rng))
        for model, share in shares.items()
    ]


def _tokens(sessions: float, varies: bool, rng: Random) -> dict[str, int]:
    return {
        kind: round(sessions * tokens * (_jitter(rng) if varies else 1))
        for kind, tokens in SESSION_TOKENS.items()
    }


def _model(model: str, tokens: dict[str, int]) -> dict[str, Any]:
    cost = sum(tokens[kind] * price for kind, price in PRICES[model].items())
    amount = {"currency": "USD", "amount": cents(cost)}
    return {"model": model, "tokens": tokens, "estimated_cost": amount}


def _jitter(rng: Random) -> float:
    """A factor around 1, sometimes far above it."""
    return rng.lognormvariate(-0.1, 0.45)
