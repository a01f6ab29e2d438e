"""Made-up histories with awkward data, and the tables of a warehouse after them.

The source's own code makes the rows: it reads replies, turns days into rows, and
records packages in the ledger. Only the loads themselves are left out.
"""

import copy
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import simplejson
from hypothesis import strategies as st

from api import EXAMPLE, rows_of, tables
from claude_code_analytics import CLAUDE_CODE
from whole_days.calendar import Calendar
from whole_days.package import Package, packed
from whole_days.plan import StoredDay
from whole_days.report import DayFetch

TABLES = CLAUDE_CODE.all_tables
DATA_TABLES = [table.name for table in CLAUDE_CODE.tables]

Rows = dict[str, list[dict]]

START = datetime(2026, 1, 2, tzinfo=UTC)

# Ends of months, a leap day, and the days after them.
DAYS = [
    *(date(2024, 2, 28), date(2024, 2, 29), date(2024, 3, 1)),
    *(date(2025, 9, 30), date(2025, 12, 31), date(2026, 1, 1)),
]

# Many accounts: one history tests as much as several, because executors start slowly.
ACCOUNTS = ["default", "Default", *"abcdefgh"]

# Texts that engines lower-case differently, and texts that collations sort differently.
NASTY = [
    "",
    "A",
    "a",
    "B",
    "Ä",
    "ä",
    "a\u0308",
    "İ",
    "ẞ",
    "ΣΑΣ",
    "\u017f",  # a long s, which upper() makes an S
    "\ufeff",
    "a ",
    "😀",
]

texts = st.sampled_from(NASTY) | st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=4
)
emails = texts.map(lambda name: name and f"{name}@Example.com")
counts = st.sampled_from([None, 0, 1, -1, 7]) | st.integers(-(10**12), 10**12)
names = st.sampled_from(["edit_tool", "write_tool", "Novel_tool", "novel_tool"])
models = st.sampled_from([None, "", "claude-b", "Claude-a", "claude-é"])

# Up to 10^8 currency units, in cents: whole ones, doubles of 17 digits, and all 24
# places. Amounts with more places are refused before they are stored.
doubles = st.floats(-1e10, 1e10, allow_nan=False)
cents = (
    st.sampled_from([None, 0, -1, 7, "0.000000000000000000000001", "-0.5", "1025"])
    | doubles.filter(lambda amount: amount == 0 or abs(amount) >= 1e-6)
    | st.decimals(-(10**10), 10**10, allow_nan=False, places=24)
)

actors = st.one_of(
    st.none(),
    st.fixed_dictionaries({"type": st.just("user_actor"), "email_address": emails}),
    st.fixed_dictionaries({"type": st.just("api_actor"), "api_key_name": emails}),
    st.fixed_dictionaries({"type": texts}, optional={"api_key_name": texts}),
)
metrics = st.fixed_dictionaries(
    {"num_sessions": counts},
    optional={
        "lines_of_code": st.fixed_dictionaries({"added": counts, "removed": counts}),
        "commits_by_claude_code": counts,
        "pull_requests_by_claude_code": counts,
    },
)
actions = st.dictionaries(
    names,
    st.none()
    | st.fixed_dictionaries({}, optional={"accepted": counts, "rejected": counts}),
    max_size=3,
)
costs = st.fixed_dictionaries(
    {"currency": st.sampled_from(["USD", "USD", "EUR", None]), "amount": cents}
)
entries = st.fixed_dictionaries(
    {"model": models},
    optional={
        "estimated_cost": costs,
        "tokens": st.fixed_dictionaries(
            {"input": counts},
            optional={"output": counts, "cache_read": counts, "cache_creation": counts},
        ),
    },
)
records = st.fixed_dictionaries(
    {
        "actor": actors,
        "organization_id": st.sampled_from([None, "one", "One"]),
        "model_breakdown": st.lists(entries, max_size=3),
    },
    optional={
        "customer_type": st.sampled_from(["api", "subscription", None]),
        "subscription_type": texts,
        "terminal_type": texts,
        "is_remote": st.none() | st.booleans(),
        "core_metrics": metrics,
        "tool_actions": actions,
        "novelty": texts,
    },
)


@st.composite
def days(draw: st.DrawFn) -> list[dict]:
    """A day's records; some are duplicates, and some differ only in the actor."""
    drawn = draw(st.lists(records, min_size=1, max_size=4))
    duplicates = draw(st.lists(st.sampled_from(drawn), max_size=2))
    strangers = draw(st.lists(st.sampled_from(drawn), max_size=2))
    return [
        *drawn,
        *copy.deepcopy(duplicates),
        *({**stranger, "actor": draw(actors)} for stranger in strangers),
    ]


@dataclass(frozen=True)
class Load:
    """What one load fetched: records of each day, or None where that failed.

    `fate` is where its row is in `_dlt_loads`: in, aborted, or nowhere (lost).
    """

    account: str
    days: dict[date, list[dict] | None]
    fate: str = "in"


loads = st.builds(
    Load,
    st.sampled_from(ACCOUNTS),
    st.dictionaries(st.sampled_from(DAYS), days() | st.none(), min_size=1, max_size=4),
    st.sampled_from(["in", "in", "in", "aborted", "lost"]),
)
histories = st.lists(loads, min_size=10, max_size=30)


TEAMS = ["Red", "red", "Ä", "ä", "a ", "(odd)"]
# Emails as they are folded, and names of keys.
MEMBERS = [
    *(f"{name}@example.com" for name in ("", "a", "b", "Ä", "İ")),
    "a",
    "ä",
    "😀",
]


# Names of keys as records have them, without folding.
KEYS = texts.map(lambda name: name and f"{name}@Example.com") | texts.filter(bool)


@st.composite
def files(draw: st.DrawFn) -> Rows:
    """The stored rows of the inputs; a day has at most one team, budget and owner."""
    size = draw(st.sampled_from([None, 1, 1, 2]))
    notes = [
        {"name": name, "version": 1, "min_group_size": size, "_dlt_load_id": "in"}
        for name in ("teams", "budgets", "owners", "weekend")
    ]
    return {
        "team_members": _numbered(draw(st.permutations(_memberships(draw)))),
        "budgets": _numbered(draw(st.lists(_budgets, unique_by=_budget_key))),
        "actor_owners": [
            row | {"version": 1, "_dlt_load_id": "in"} for row in _owners(draw)
        ],
        "weekend_days": [
            {"weekday": day, "version": 1, "_dlt_load_id": "in"}
            for day in draw(st.sets(st.integers(1, 7), max_size=4))
        ],
        "input_files": notes,
    }


def _memberships(draw: st.DrawFn) -> list[dict]:
    """For some actors, spans of days between moves, each in one team or in none."""
    found = []
    for actor in draw(st.lists(st.sampled_from(MEMBERS), min_size=4, unique=True)):
        for first, last in _spans(draw):
            if team := draw(st.sampled_from([None, *TEAMS])):
                days = {"valid_from": first, "valid_to": last}
                found.append({"actor": actor, "team": team} | days)
    return found


def _owners(draw: st.DrawFn) -> list[dict]:
    """For some names of keys, spans of days of one owner, of another, or of none."""
    keys = st.tuples(
        st.sampled_from(ACCOUNTS), st.sampled_from([None, "one", "One"]), KEYS
    )
    found = []
    for account, organization_id, actor in draw(st.lists(keys, unique=True)):
        name = {"account": account, "organization_id": organization_id, "actor": actor}
        for first, last in _spans(draw):
            owner = draw(st.sampled_from([None, *MEMBERS[:5]]))
            days = {
                "valid_from": first or date.min,
                "valid_to": last or date.max,
                "resolution": "unique" if owner else "ambiguous",
            }
            team = draw(st.sampled_from([None, "", *TEAMS]))
            found.append(name | {"owner": owner, "team": team} | days)
    return found


def _spans(draw: st.DrawFn) -> list[tuple[date | None, date | None]]:
    """All days, in one to three parts; None is an open end."""
    moves = sorted(draw(st.sets(st.sampled_from(DAYS), max_size=2)))
    ends = [*(day - timedelta(days=1) for day in moves), None]
    return [*zip([None, *moves], ends, strict=True)]


_terms = {
    "month": st.sampled_from(sorted({day.replace(day=1) for day in DAYS})),
    "amount": st.decimals(0, 10**9, places=12),
    "currency": st.sampled_from(["USD", "EUR"]),
    "basis": st.sampled_from(["all", "api", "subscription"]),
}
_all_of_it = {"scope": st.just("organisation"), "name": st.just("")}
_parts_of_it = {
    "scope": st.sampled_from(["team", "user"]),
    "name": st.sampled_from([*TEAMS, *MEMBERS, "(no team)"]),
}
_accounts = {"scope": st.just("account"), "name": st.sampled_from(ACCOUNTS)}
_budgets = st.one_of(
    st.fixed_dictionaries(scope | _terms)
    for scope in (_all_of_it, _accounts, _parts_of_it)
)


def _budget_key(budget: dict) -> tuple:
    return tuple(budget[key] for key in ("scope", "name", "month", "currency", "basis"))


def _numbered(rows: Iterable[dict]) -> list[dict]:
    return [
        row | {"line": line, "version": 1, "_dlt_load_id": "in"}
        for line, row in enumerate(rows, 2)
    ]


@dataclass
class Stored:
    """The rows of a warehouse's tables after some loads."""

    ledger: Rows = field(default_factory=lambda: defaultdict(list))
    data: dict[tuple[str, date], Rows] = field(default_factory=dict)

    def rows(self) -> Rows:
        """The rows of each raw table."""
        found = {table: list(self.ledger[table]) for table in TABLES}
        for day in self.data.values():
            for table in DATA_TABLES:
                found[table] += day[table]
        found["_dlt_loads"] = [
            {"load_id": "in", "status": 0, "inserted_at": START},
            {"load_id": "aborted", "status": 1, "inserted_at": START},
        ]
        return found


def stored_after(history: Iterable[Load], start: datetime = START) -> Stored:
    """The tables after these loads, one hour apart."""
    stored = Stored()
    hashes: dict[str, dict[date, StoredDay]] = defaultdict(dict)
    for number, load in enumerate(history):
        now = start + timedelta(hours=number)
        fetches = [_fetch(load, day, now) for day in load.days]
        calendar = Calendar(now, timedelta(minutes=90))
        known = hashes[load.account]
        package = packed(CLAUDE_CODE, load.account, fetches, known, calendar)
        _put(stored, package, load)
        for loaded in package.days:
            day, fetched = loaded.fetch.day, loaded.fetch.content
            before = hashes[load.account].get(day, StoredDay())
            hashes[load.account][day] = StoredDay(
                fetched.content_hash if fetched else before.content_hash,
                load_number=package.load_number,
            )
    return stored


def damaged(stored: Stored) -> Stored:
    """The same without one record of each day; its children stay."""
    for day in stored.data.values():
        del day["usage_report"][:1]
    return stored


def _fetch(load: Load, day: date, now: datetime) -> DayFetch:
    given = load.days[day]
    if given is None:
        return DayFetch(day, now, error="503: no luck")
    body = {"data": list(_whole(given, day)), "has_more": False, "next_page": None}
    page = simplejson.dumps(body, use_decimal=True).encode()
    return DayFetch(day, now, tables(page, account=load.account, day=day))


def _whole(given: list[dict], day: date) -> Iterator[dict]:
    blank = dict.fromkeys(EXAMPLE) | {"tool_actions": {}, "model_breakdown": []}
    for made in given:
        yield blank | made | {"date": f"{day}T00:00:00Z"}


def _put(stored: Stored, package: Package, load: Load) -> None:
    written = {
        table: [row | {"_dlt_load_id": load.fate} for row in rows]
        for table, rows in rows_of(package).items()
    }
    for table in TABLES.keys() - set(DATA_TABLES):
        stored.ledger[table] += written[table]
    for day in (loaded.fetch.day for loaded in package.days if loaded.is_written):
        stored.data[load.account, day] = {
            table: [row for row in written[table] if row["date"] == day]
            for table in DATA_TABLES
        }
