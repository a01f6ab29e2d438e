"""A made-up organisation and its use of Claude Code, one day at a time.

No data here is real. The records have the shape of the API's, so the demo, tests and
benchmarks need no key. A day's records depend only on the day and `SEED`: they are the
same in every process and in any order of days.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

Record = dict[str, Any]

SEED = "ccwarehouse"
ORGANIZATION_ID = "5b0c9f0e-7d3a-4c56-9a41-2f8e6d1b7c90"
ADOPTED = dt.date(2025, 12, 1)  # a day before it has no records
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

MICROCENTS = 1_000_000  # to the cent


def _prices(usd_in: int, usd_out: int) -> dict[str, int]:
    """Microcents per token, from USD per million tokens; caches cost by the input."""
    return {
        "input": 100 * usd_in,
        "output": 100 * usd_out,
        "cache_read": 10 * usd_in,
        "cache_creation": 125 * usd_in,
    }


HAIKU = "claude-haiku-4-5-20251001"
SONNET = "claude-sonnet-4-5-20250929"
OPUS = "claude-opus-4-5-20251101"
OLD_OPUS = "claude-opus-4-1-20250805"
PRICES = {
    HAIKU: _prices(1, 5),
    SONNET: _prices(3, 15),
    OPUS: _prices(5, 25),
    OLD_OPUS: _prices(15, 75),
}


@dataclass(frozen=True)
class Role:
    sessions: float  # average per terminal and day
    presence: float  # share of working days with any use
    weekend: float  # the same for weekends and holidays
    terminals: tuple[str | None, ...]
    models: Mapping[str, int]  # model -> weight
    notebooks: bool = False
    varies: bool = True  # True for people, False for jobs


BACKEND = Role(
    sessions=3.5,
    presence=0.9,
    weekend=0.03,
    terminals=("vscode", "iTerm.app", "tmux", "ghostty"),
    models={SONNET: 6, OPUS: 4},
)
FRONTEND = Role(
    sessions=3.0,
    presence=0.9,
    weekend=0.02,
    terminals=("vscode", "cursor", "Apple_Terminal"),
    models={SONNET: 8, OPUS: 2},
)
DATA = Role(
    sessions=2.0,
    presence=0.8,
    weekend=0.02,
    terminals=("vscode", "pycharm", "tmux"),
    models={SONNET: 7, OPUS: 2, HAIKU: 1},
    notebooks=True,
)
PLATFORM = Role(
    sessions=5.0,
    presence=0.95,
    weekend=0.05,
    terminals=("tmux", "ghostty", "vscode", "WarpTerminal"),
    models={OPUS: 7, SONNET: 2, OLD_OPUS: 1},
)
LEAD = Role(
    sessions=1.0,
    presence=0.5,
    weekend=0.01,
    terminals=("iTerm.app", "vscode", ""),
    models={SONNET: 5, HAIKU: 5},
)
JOB = Role(
    sessions=6.0,
    presence=0.95,
    weekend=0.2,
    terminals=(None,),
    models={SONNET: 8, HAIKU: 2},
    varies=False,
)

TEAMS = (
    (
        BACKEND,
        """ada.brandt amir.haddad bea.lindqvist chen.wei dora.kovacs elif.demir
        finn.olsen grace.mbeki hugo.martin ines.costa jonas.weber kira.novak
        liam.byrne mei.tanaka""",
    ),
    (
        FRONTEND,
        """noor.rahman olga.petrova pablo.ruiz quinn.harper rosa.bianchi
        sami.laine tara.singh uma.iyer viktor.horvat""",
    ),
    (
        DATA,
        """wanda.nowak xavier.dubois yara.saleh zoe.anders anton.berg
        bruna.alves""",
    ),
    (PLATFORM, "carl.jensen divya.menon emil.popescu freya.holm goran.ilic"),
    (LEAD, "hanna.vogel ivan.marek julia.santos karim.nasser lena.fischer omar.aziz"),
)
KEYS = ("ci-review", "nightly-refactor", "docs-bot")
PLANS: tuple[tuple[str, str | None], ...] = (
    ("subscription", "enterprise"),
    ("subscription", "enterprise"),
    ("subscription", "team"),
    ("subscription", None),
    ("api", "enterprise"),  # the two fields do not imply each other
    ("api", None),
)


@dataclass(frozen=True)
class Member:
    name: str
    actor: Mapping[str, str]
    role: Role
    joined: dt.date
    customer_type: str
    subscription_type: str | None
    leniency: int  # points added to each acceptance rate


def _person(name: str, role: Role) -> Member:
    """Six in ten are there from the first day; the others join within a year."""
    rng = Random(f"{SEED} {name}")
    joined = ADOPTED + dt.timedelta(max(0, rng.randint(-540, 360)))
    actor = {"type": "user_actor", "email_address": f"{name}@example.com"}
    customer, subscription = rng.choice(PLANS)
    leniency = rng.randint(-12, 6)
    return Member(name, actor, role, joined, customer, subscription, leniency)


def _key(name: str) -> Member:
    actor = {"type": "api_actor", "api_key_name": name}
    return Member(name, actor, JOB, ADOPTED, "api", None, 0)


MEMBERS = [
    *(_person(name, role) for role, names in TEAMS for name in names.split()),
    *(_key(name) for name in KEYS),
]


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
    return records


def _is_active(member: Member, day: dt.date, rng: Random) -> bool:
    is_free = day.weekday() >= 5 or (day.month, day.day) in HOLIDAYS
    chance = member.role.weekend if is_free else member.role.presence
    is_there = day >= member.joined and not _is_on_leave(member, day)
    return rng.random() < chance and is_there


def _is_on_leave(member: Member, day: dt.date) -> bool:
    """Leave lasts whole weeks: it is drawn per week, since days are independent."""
    week = day.isocalendar()
    return Random(f"{SEED} {member.name} {week.year}-{week.week}").random() < 0.08


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
    sessions = 1 + round(rng.expovariate(1 / (member.role.sessions * _growth(day))))
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


def _growth(day: dt.date) -> float:
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
    amount = {"currency": "USD", "amount": _cents(cost)}
    return {"model": model, "tokens": tokens, "estimated_cost": amount}


def _cents(microcents: int) -> int | float:
    """A float keeps fifteen digits: below 10**15 its text is the exact quotient."""
    whole, rest = divmod(microcents, MICROCENTS)
    return microcents / MICROCENTS if rest else whole


def _jitter(rng: Random) -> float:
    """A factor around 1, sometimes far above it."""
    return rng.lognormvariate(-0.1, 0.45)
