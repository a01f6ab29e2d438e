"""After any history of restatements, failures and loads the API's last numbers stand.

The model here is the loader's promise in plain Python: which days a load fetches, what
each day then holds, and what the ledger says. Stored rows are turned back into API
records and compared.
"""

import json
from collections import Counter, defaultdict
from datetime import UTC, datetime, time, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from anthropic_admin_api.fake import error
from loads import EXAMPLE, NOON, History, load_from, query, record, served
from soak import IS_SOAK, sample

INITIAL_DAYS = 3
SETTLED = timedelta(days=1, minutes=90)
QUICK_PHASES = [Phase.explicit, Phase.generate]  # shrinking takes minutes
OLDEST = 6  # days before today that a restatement or a backfill may reach

metrics = st.integers(1, 2).map(lambda count: {"num_sessions": count})
tools = st.dictionaries(
    st.sampled_from(["edit_tool", "new_tool"]),
    st.just({"accepted": 1, "rejected": 2}),
)
models = st.lists(
    st.fixed_dictionaries(
        {
            "model": st.sampled_from(["opus", "sonnet"]),
            "tokens": st.just({"input": 1, "output": 2}),
            "estimated_cost": st.fixed_dictionaries(
                {
                    "currency": st.sampled_from(["USD", "EUR"]),
                    "amount": st.sampled_from([7, "7", 0.25]),
                }
            ),
        }
    ),
    max_size=2,
)
# Few values, so that equal records and identical duplicates are frequent.
records = st.fixed_dictionaries(
    {
        "email": st.sampled_from(["ada@example.com", "bob@example.com"]),
        "core_metrics": metrics,
        "tool_actions": tools,
        "model_breakdown": models,
    },
    optional={"mood": st.sampled_from(["fine", {"deep": [1, None]}])},
)

ago = st.integers(0, OLDEST)
restatements = st.one_of(
    st.tuples(st.sampled_from(["add", "change"]), ago, records),
    st.tuples(
        st.sampled_from(["withdraw", "duplicate", "shuffle", "reprice", "empty"]),
        ago,
        st.none(),
    ),
)
loads = st.one_of(
    st.fixed_dictionaries({"lookback": st.integers(0, 3)}),
    st.fixed_dictionaries({"start": ago, "end": st.sampled_from([None, -1, 0, 1])}),
    st.fixed_dictionaries({"end": ago}),
)
episodes = st.fixed_dictionaries(
    {
        "hours": st.sampled_from([0, 1, 11, 14, 24, 60]),
        "restated": st.lists(restatements, max_size=4),
        "failing": st.sets(ago, max_size=2),
        "include_today": st.booleans(),
        "load": loads,
    }
)
beginnings = st.lists(
    st.lists(records, min_size=1, max_size=3), min_size=OLDEST + 1, max_size=OLDEST + 1
)


ADA, BOB = (
    {
        "email": email,
        "core_metrics": {"num_sessions": 1},
        "tool_actions": {"edit_tool": {"accepted": 1, "rejected": 2}},
        "model_breakdown": [
            {
                "model": "opus",
                "tokens": {"input": 1, "output": 2},
                "estimated_cost": {"currency": "USD", "amount": 7},
            }
        ],
    }
    for email in ("ada@example.com", "bob@example.com")
)
ALL_DAYS = {"failing": set(), "include_today": True, "load": {"start": OLDEST}}
ONE_OF_EACH = [
    ("add", 0, BOB),
    ("change", 1, BOB),
    ("withdraw", 2, None),
    ("duplicate", 3, None),
    ("shuffle", 4, None),
    ("reprice", 5, None),
    ("empty", 6, None),
]


@pytest.mark.slow
@example(
    [[ADA, BOB]] * (OLDEST + 1),
    [
        ALL_DAYS | {"hours": 0, "restated": []},
        ALL_DAYS | {"hours": 1, "restated": ONE_OF_EACH},
    ],
)
@settings(
    max_examples=sample(quick=2, soak=120),
    derandomize=not IS_SOAK,
    database=None,
    deadline=None,
    phases=set(Phase) if IS_SOAK else QUICK_PHASES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(beginnings, st.lists(episodes, min_size=3, max_size=5))
def test_every_day_a_load_promises_to_read_holds_what_the_api_said_last(
    beginning, history
):
    """After any history each day holds the API's records of its last completed fetch.

    Exactly the promised days are fetched. Equal records always have equal ids.
    """
    with TemporaryDirectory() as folder, served(History()) as api:
        world = World(Path(folder, "usage.duckdb"), api)
        for count, said in enumerate(beginning):
            for fields in said:
                world.restate("add", count, fields)
        for episode in history:
            world.now += timedelta(hours=episode["hours"])
            for restatement in episode["restated"]:
                world.restate(*restatement)
            failing = {world.days_ago(count) for count in episode["failing"]}
            world.load(
                failing, include_today=episode["include_today"], **episode["load"]
            )


class World:
    """The API's records, the expected content of the warehouse, and the warehouse."""

    def __init__(self, database, api):
        self.database, self.api = database, api
        self.now = NOON
        self.told = api.usage
        self.held = {}  # day -> the API's records at its last completed fetch
        self.final = {}  # day -> whether the day was complete by then
        self.failed = set()  # days whose last fetch failed
        self.ledger = []
        self.ids = {}  # (day, record, number among its identical duplicates) -> ids

    @property
    def today(self):
        return self.now.date()

    @property
    def last_complete(self):
        return (self.now - SETTLED).date()

    def days_ago(self, count):
        return self.today - timedelta(days=count)

    def restate(self, kind, ago, fields):
        """Let the API restate a day."""
        day = str(self.days_ago(ago))
        said = self.told.setdefault(day, [])
        if kind == "add":
            said.append(record(day, **fields))
        elif kind == "change":
            said[:1] = [record(day, **fields)]
        elif kind == "withdraw":
            del said[:1]
        elif kind == "duplicate":
            said += said[:1]
        elif kind == "shuffle":
            said.reverse()
        elif kind == "reprice":
            said[:1] = [repriced(entry) for entry in said[:1]]
        else:
            said.clear()

    def load(self, failing, *, include_today, start=None, end=None, lookback=None):
        """Load, and compare with the model."""
        newest = self.today if include_today else self.last_complete
        if lookback is None:
            start = None if start is None else self.days_ago(start)
            end = None if end is None else self.days_ago(end)
            promised = days(start or self.first, min(end or newest, self.today))
        else:
            promised = self.nightly(newest, lookback)
        changed = self.expect(promised, failing)

        self.api.now = lambda: self.now
        self.api.fault = partial(fault, {str(day) for day in failing})
        self.api.calls.clear()
        outcome = load_from(
            self.api,
            self.database,
            start and str(start),
            end and str(end),
            self.now,
            include_today=include_today,
            lookback=lookback,
            initial_days=INITIAL_DAYS,
        )

        asked = [call.query["starting_at"] for call in self.api.calls]
        # without any record, one more stored day is fetched to find the organisation
        assert len(asked) <= len(promised) + 1
        assert [str(day) for day in promised] == sorted(asked[: len(promised)])
        assert changed == set(outcome.changed)
        assert failing.intersection(promised) == set(outcome.failed)
        if self.ledger:
            self.require_truth()

    @property
    def first(self):
        """The first day ever fetched, or the first day of a first load."""
        begin = self.last_complete - timedelta(days=INITIAL_DAYS - 1)
        return min(self.held.keys() | self.failed, default=begin)

    def nightly(self, newest, lookback):
        """The days that a load without dates promises to fetch."""
        recent = self.last_complete - timedelta(days=lookback)
        return [
            day
            for day in days(self.first, newest)
            if day > recent
            or day not in self.held
            or day in self.failed
            or not self.final[day]
        ]

    def expect(self, promised, failing):
        """Update the model for a load of these days; returns the changed days."""
        changed = set()
        for day in promised:
            is_final = self.now >= datetime.combine(day, time(), UTC) + SETTLED
            seen = (day, self.now.timestamp())
            if day in failing:
                self.failed.add(day)
                self.ledger.append((*seen, "failed", is_final, *[None] * 4))
                continue
            said = self.told(day)
            held = Counter(spoken(entry) for entry in said)
            if held != self.held.get(day):
                changed.add(day)
            self.held[day], self.final[day] = held, is_final
            self.failed.discard(day)
            sums = (len(said), sessions(said), usd_cents(said), day in changed)
            self.ledger.append((*seen, "complete", is_final, *sums))
        return changed

    def require_truth(self):
        """Tables, ledger and ids equal the model's."""
        stored = read_back(self.database)
        held = {day: Counter(text for text, _ in rows) for day, rows in stored.items()}

        assert {day: said for day, said in self.held.items() if said} == held
        assert sorted(self.ledger, key=repr) == sorted(
            query(self.database, LEDGER), key=repr
        )
        for day, rows in stored.items():
            duplicates = Counter()
            for text, ids in sorted(rows):
                duplicates[text] += 1
                assert self.ids.setdefault((day, text, duplicates[text]), ids) == ids
        every = [row_id for ids in self.ids.values() for row_id in ids]
        assert len(set(every)) == len(every)


def days(first, last):
    """The days from one to the other, both included."""
    return [first + timedelta(days=count) for count in range((last - first).days + 1)]


def fault(failing, request):
    """A fault that fails some days."""
    return error(404, "not here") if request.query["starting_at"] in failing else None


def repriced(entry):
    """The same record with other costs."""
    cost = {"currency": "USD", "amount": 8}
    models = [model | {"estimated_cost": cost} for model in entry["model_breakdown"]]
    return entry | {"model_breakdown": models}


def sessions(said):
    return sum(entry["core_metrics"]["num_sessions"] for entry in said)


def usd_cents(said):
    costs = [
        model["estimated_cost"] for told in said for model in told["model_breakdown"]
    ]
    return sum(float(cost["amount"]) for cost in costs if cost["currency"] == "USD")


def spoken(told):
    """A record without its day, as a text to compare."""
    models = [
        (model["model"], *told_tokens(model), *told_cost(model))
        for model in told["model_breakdown"]
    ]
    tools = [
        (tool, counts["accepted"], counts["rejected"])
        for tool, counts in sorted(told["tool_actions"].items())
    ]
    unknown = {name: told[name] for name in told.keys() - EXAMPLE.keys()}
    usage = (
        told["organization_id"],
        told["actor"]["type"],
        told["actor"]["email_address"],
        told["customer_type"],
        told["subscription_type"],
        told["is_remote"],
        told["terminal_type"],
        told["core_metrics"]["num_sessions"],
    )
    return repr((usage, unknown, models, tools))


def told_tokens(model):
    kinds = ("input", "output", "cache_read", "cache_creation")
    return [model["tokens"].get(kind) for kind in kinds]


def told_cost(model):
    cost = model["estimated_cost"]
    return cost["currency"], float(cost["amount"])


def read_back(database):
    """The records of each day with the ids of their rows, from the three tables."""
    models, tools = defaultdict(list), defaultdict(list)
    for parent, row_id, *row in query(database, MODELS):
        models[parent].append((row_id, tuple(row)))
    for parent, row_id, *row in query(database, TOOLS):
        tools[parent].append((row_id, tuple(row)))
    days = defaultdict(list)
    for row_id, day, unknown, *row in query(database, USAGE):
        children = models.pop(row_id, []), tools.pop(row_id, [])
        told = [[row for _, row in rows] for rows in children]
        ids = (row_id, *(child for rows in children for child, _ in rows))
        text = repr((tuple(row), json.loads(unknown or "{}"), *told))
        days[day].append((text, ids))
    assert ({}, {}) == (models, tools)
    return days


LEDGER = """
    select date, epoch(fetched_at), status, is_final, records, num_sessions,
        estimated_cost_cents::double, is_changed
    from claude_code.day_fetches
    left join claude_code.day_fetches__claude_code
        using (date, fetched_at, load_number, _dlt_load_id)
"""
USAGE = """
    select _dlt_id, date, unknown_fields, organization_id, actor__type,
        actor__email_address, customer_type, subscription_type, is_remote,
        terminal_type, core_metrics__num_sessions
    from claude_code.usage_report
"""
MODELS = """
    select _dlt_parent_id, _dlt_id, model, tokens__input, tokens__output,
        tokens__cache_read, tokens__cache_creation, estimated_cost__currency,
        estimated_cost__amount::double
    from claude_code.usage_report__model_breakdown
    order by _dlt_list_idx
"""
TOOLS = """
    select _dlt_parent_id, _dlt_id, tool, accepted, rejected
    from claude_code.usage_report__tool_actions
    order by tool
"""
