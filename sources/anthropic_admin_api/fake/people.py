"""Who is in the made-up organisation: teams, API keys, and who comes and goes."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random

from .prices import HAIKU, OLD_OPUS, OPUS, SONNET

SEED = "ccwarehouse"
ADOPTED = dt.date(2025, 12, 1)  # a day before it has no records


@dataclass(frozen=True)
class Role:
    sessions: float  # average per terminal and day
    presence: float  # share of working days with any use
    weekend: float  # the same for weekends and holidays
    terminals: tuple[str | None, ...]
    models: Mapping[str, int]  # model -> weight
    notebooks: bool = False
    varies: bool = True  # True for people, False for jobs
    takes_leave: bool = True


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
CONTRACTOR = Role(
    sessions=3.0,
    presence=0.95,
    weekend=0.02,
    terminals=("vscode", "cursor", "tmux"),
    models={SONNET: 8, OPUS: 2},
    takes_leave=False,
)

TEAMS = {
    "Backend": (
        BACKEND,
        """ada.brandt amir.haddad bea.lindqvist chen.wei dora.kovacs elif.demir
        finn.olsen grace.mbeki hugo.martin ines.costa jonas.weber kira.novak
        liam.byrne mei.tanaka""",
    ),
    "Frontend": (
        FRONTEND,
        """noor.rahman olga.petrova pablo.ruiz quinn.harper rosa.bianchi
        sami.laine tara.singh uma.iyer viktor.horvat""",
    ),
    "Data": (
        DATA,
        """wanda.nowak xavier.dubois yara.saleh zoe.anders anton.berg
        bruna.alves""",
    ),
    "Platform": (
        PLATFORM,
        "carl.jensen divya.menon emil.popescu freya.holm goran.ilic",
    ),
    "Leads": (
        LEAD,
        "hanna.vogel ivan.marek julia.santos karim.nasser lena.fischer omar.aziz",
    ),
}
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
    left: dt.date  # the first day without
    customer_type: str
    subscription_type: str | None
    leniency: int  # points added to each acceptance rate


def _person(name: str, role: Role) -> Member:
    """Six in ten are there from the first day; the others join within a year."""
    rng = Random(f"{SEED} {name}")
    joined = ADOPTED + dt.timedelta(max(0, rng.randint(-540, 360)))
    return _member(name, role, joined, dt.date.max, rng)


def _member(
    name: str, role: Role, joined: dt.date, left: dt.date, rng: Random
) -> Member:
    actor = {"type": "user_actor", "email_address": f"{name}@example.com"}
    customer, subscription = rng.choice(PLANS)
    leniency = rng.randint(-12, 6)
    return Member(name, actor, role, joined, left, customer, subscription, leniency)


def _key(name: str) -> Member:
    actor = {"type": "api_actor", "api_key_name": name}
    return Member(name, actor, JOB, ADOPTED, dt.date.max, "api", None, 0)


MEMBERS = [
    *(_person(name, role) for role, names in TEAMS.values() for name in names.split()),
    *(_key(name) for name in KEYS),
]

# A contractor begins every third Monday and stays for six weeks. So in any four weeks
# somebody is new, and in any two months somebody has stopped for more than four weeks.
TURN = 21  # days
STAY = 42  # days
FIRST = (
    "aisha boris celia dmitri esther farid gloria henrik isla jorge kofi lotte milan"
)
LAST = "abbott banerjee cohen dlamini eriksen flores grimaldi hoang ibrahim keller lund"


def contractors(day: dt.date) -> Iterator[Member]:
    """Who is there for a while only; no name comes again in eight years."""
    turn = (day - ADOPTED).days // TURN
    for number in range(max(0, turn - STAY // TURN + 1), turn + 1):
        yield contractor(number)


def contractor(number: int) -> Member:
    """The contractor of a turn, counted from the first one."""
    first, last = (names.split() for names in (FIRST, LAST))
    name = f"{first[number % len(first)]}.{last[number % len(last)]}"
    joined = ADOPTED + dt.timedelta(TURN * number)
    left = joined + dt.timedelta(STAY)
    return _member(name, CONTRACTOR, joined, left, Random(f"{SEED} {name}"))
