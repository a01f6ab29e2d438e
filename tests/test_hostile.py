"""Hostile replies: each loads exactly, or fails its day with a reason and no trace.

A separate model says what "exactly" means: Python's json and Decimal, and a second copy
of the contract. It shares no code with the loader.
"""

import copy
import json
import re
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal, Inexact, InvalidOperation
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from anthropic_admin_api.fake import Response, error
from ccwarehouse.warehouses import open_warehouse
from claude_code_analytics.reply import PageReader
from loads import EXAMPLE, TABLES, History, execute, load_from, query, record, served
from soak import dice, sample
from test_reply import BAD_JSON, NO_JSON

FIRST = date(2018, 1, 1)
DAYS = sample(80, 2000)
PAGE_MEGABYTES = sample(5, 50)
MEGABYTE = 2**20


# the model: what the warehouse must hold after a reply


class RefusedError(Exception):
    """The reply cannot be loaded exactly: its day must fail."""


TEXT, COUNT, FLAG, CENTS = "text", "count", "flag", "cents"
RECORD = {
    "date": TEXT,
    "organization_id": TEXT,
    "actor": {"type": TEXT, "email_address": TEXT, "api_key_name": TEXT},
    "customer_type": TEXT,
    "subscription_type": TEXT,
    "is_remote": FLAG,
    "terminal_type": TEXT,
    "core_metrics": {
        "num_sessions": COUNT,
        "lines_of_code": {"added": COUNT, "removed": COUNT},
        "commits_by_claude_code": COUNT,
        "pull_requests_by_claude_code": COUNT,
    },
}
MODEL = {
    "model": TEXT,
    "tokens": {
        "input": COUNT,
        "output": COUNT,
        "cache_read": COUNT,
        "cache_creation": COUNT,
    },
    "estimated_cost": {"currency": TEXT, "amount": CENTS},
}
TOOL = {"accepted": COUNT, "rejected": COUNT}
KNOWN_TOOLS = {"edit_tool", "multi_edit_tool", "write_tool", "notebook_edit_tool"}
EXACT = Context(prec=38, traps=[Inexact, InvalidOperation])


class Whole(Decimal):
    """A JSON number without point and exponent."""


@dataclass
class Expected:
    """The rows of a day: each record with its entries and tools.

    `is_odd` says that a loader may also refuse what this model accepts.
    """

    rows: list = field(default_factory=list)
    is_odd: bool = False

    def record(self, found, day, odd_tools):
        """Add a record."""
        unknown = {}
        values = list(self.leaves(found, RECORD, unknown))
        when, organisation, kind, email, key_name, *rest = values
        self.require_day(when, day)
        implied = "user_actor" if email is not None else None
        implied = "api_actor" if implied is None and key_name is not None else implied
        models = self.models(found.get("model_breakdown"), unknown)
        tools = self.tools(found.get("tool_actions"), unknown, odd_tools)
        others = found.keys() - RECORD.keys() - {"model_breakdown", "tool_actions"}
        for name in others:
            _put(unknown, name, found[name])
        actor = (implied if kind is None else kind, email, key_name)
        known = ("default", organisation, *actor, *rest)
        self.rows.append((known, _canonical(unknown), models, tools))

    def models(self, entries, unknown):
        """The entries of a model breakdown, in their order."""
        if entries is not None and not isinstance(entries, list):
            raise RefusedError
        return tuple(
            (place, *self.leaves(_object(entry), MODEL, unknown, f"{path}."))
            for place, entry in enumerate(entries or [])
            for path in [f"model_breakdown[{place}]"]
        )

    def tools(self, actions, unknown, odd_tools):
        """The tools that were answered, by name."""
        rows = []
        for name, counts in _object(actions or {}).items():
            path = f"tool_actions.{name}"
            if isinstance(counts, dict):
                rows.append((name, *self.leaves(counts, TOOL, unknown, f"{path}.")))
            elif counts is not None and name in KNOWN_TOOLS:
                raise RefusedError
            elif counts is not None:
                self.is_odd |= name in odd_tools
                _put(unknown, path, counts)
        if actions is not None and not isinstance(actions, dict):
            raise RefusedError
        return tuple(sorted(rows))

    def leaves(self, found, spec, unknown, path=""):
        """The values that the contract names, in its order; others are kept apart."""
        for name, inner in spec.items():
            value = found.get(name)
            if isinstance(inner, dict):
                inside = {} if value is None else _object(value)
                yield from self.leaves(inside, inner, unknown, f"{path}{name}.")
            else:
                yield None if value is None else self.scalar(value, inner)
        for name in found.keys() - spec.keys() if spec is not RECORD else ():
            _put(unknown, path + name, found[name])

    def scalar(self, value, kind):
        """One value; refused if it has another type or is out of range."""
        match kind, value:
            case ("text", str()) | ("flag", bool()):
                return value
            case "count", Whole() if -(2**63) <= value < 2**63:
                return int(value)
            case "cents", Decimal() | str():
                return self.cents(str(value))
        raise RefusedError

    def cents(self, text):
        """Cents in 24 places and 14 digits in front of them."""
        if not re.fullmatch(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", text, re.ASCII):
            self.is_odd = True
        if sum(map(str.isdigit, text)) > 30:
            self.is_odd = True  # zeros too many, perhaps
        return _exact(text)

    def require_day(self, text, day):
        """Check that the record's UTC day is the requested one."""
        if text in (f"{day}T00:00:00Z", f"{day}"):
            return
        try:
            moment = datetime.fromisoformat(text or "")
        except ValueError:
            raise RefusedError from None
        zone = moment.tzinfo or UTC
        if moment.replace(tzinfo=zone).astimezone(UTC).date() != day:
            raise RefusedError
        self.is_odd = True

    def require_sums(self):
        """Check that the day's sums fit into the ledger."""
        sessions = sum(known[9] or 0 for known, *_ in self.rows)
        if not -(2**63) <= sessions < 2**63:
            raise RefusedError
        amounts = [
            entry[7] for row in self.rows for entry in row[2] if entry[6] == "USD"
        ]
        total = sum(Decimal(amount or 0).scaleb(24) for amount in amounts)
        if abs(total) >= 10**38:
            raise RefusedError

    def negatives(self):
        """How many records, entries and tools have a count below zero."""
        return sum(
            any(isinstance(value, int) and value < 0 for value in values)
            for known, _, models, tools in self.rows
            for values in [known, *(entry[:6] for entry in models), *tools]
        )


def expected(bodies, day):
    """The rows that the day must have for these pages. Raises `RefusedError`."""
    outcome = Expected()
    pages, cursor = [], None
    while True:
        if cursor not in bodies or cursor in pages:
            raise RefusedError
        pages.append(cursor)
        reply = _object(_parsed(bodies[cursor]))
        if not isinstance(records := reply.get("data"), list):
            raise RefusedError
        odd_tools = {
            name
            for found in map(_object, records)
            if isinstance(actions := found.get("tool_actions"), dict)
            for name, counts in actions.items()
            if counts is None or isinstance(counts, dict)
        }
        for found in records:
            outcome.record(found, day, odd_tools)
        more, cursor = reply.get("has_more"), reply.get("next_page")
        if not (more is None or isinstance(more, bool)):
            raise RefusedError
        if not (cursor is None or isinstance(cursor, str)):
            raise RefusedError
        if not (bool(cursor) if more is None else more):
            outcome.require_sums()
            return outcome
        if not cursor:
            raise RefusedError


def _parsed(body):
    try:
        return json.loads(
            body.decode().removeprefix("\ufeff"),
            parse_float=_decimal,
            parse_int=Whole,
            parse_constant=_refuse,
            object_pairs_hook=_encodable,
        )
    except (ValueError, RecursionError):
        raise RefusedError from None


def _decimal(text):
    return Decimal(text)


def _refuse(_):
    raise RefusedError


def _encodable(pairs):
    values = dict(pairs)
    if len(values) < len(pairs):
        raise RefusedError
    str(values).encode()
    for name, value in pairs:
        _text(name)
        for item in value if isinstance(value, list) else [value]:
            _text(item)
    return values


def _text(value):
    """Raises ValueError for a lone surrogate, and for NUL (Postgres stores none)."""
    if isinstance(value, str):
        value.encode()
        if "\0" in value:
            raise ValueError
    elif isinstance(value, list):
        for item in value:
            _text(item)


def _object(value):
    if not isinstance(value, dict):
        raise RefusedError
    return value


def _put(unknown, path, value):
    if path in unknown:
        raise RefusedError
    unknown[path] = value


def _exact(text):
    try:
        return Decimal(text).quantize(Decimal("1e-24"), context=EXACT)
    except (Inexact, InvalidOperation):
        raise RefusedError from None


def _canonical(value):
    """JSON in one spelling: normalised numbers, sorted names."""
    match value:
        case dict():
            pairs = sorted((name, _canonical(item)) for name, item in value.items())
            return "{" + ",".join(f"{name!r}:{item}" for name, item in pairs) + "}"
        case list():
            return "[" + ",".join(map(_canonical, value)) + "]"
        case Decimal():
            return str(Decimal(value))
    return repr(value)


# what the warehouse holds


def stored(database):
    """The rows of each day in the model's form."""
    children = {
        table: _grouped(query(database, f"select {columns} from claude_code.{table}"))
        for table, columns in {
            "usage_report__model_breakdown": """
                _dlt_parent_id, _dlt_list_idx, model, tokens__input, tokens__output,
                tokens__cache_read, tokens__cache_creation, estimated_cost__currency,
                estimated_cost__amount
            """,
            "usage_report__tool_actions": "_dlt_parent_id, tool, accepted, rejected",
        }.items()
    }
    records = query(
        database,
        """
        select date, _dlt_id, unknown_fields, account, organization_id, actor__type,
            actor__email_address, actor__api_key_name, customer_type,
            subscription_type, is_remote, terminal_type,
            core_metrics__num_sessions, core_metrics__lines_of_code__added,
            core_metrics__lines_of_code__removed,
            core_metrics__commits_by_claude_code,
            core_metrics__pull_requests_by_claude_code
        from claude_code.usage_report
        """,
    )
    days = {}
    for day, identity, unknown, *known in records:
        models, tools = (table.get(identity, ()) for table in children.values())
        extra = _canonical(_parsed((unknown or "{}").encode()))
        days.setdefault(day, []).append((tuple(known), extra, models, tools))
    return days


def _grouped(rows):
    by_parent = {}
    for parent, *values in sorted(rows, key=repr):
        by_parent.setdefault(parent, []).append(tuple(values))
    return {parent: tuple(sorted(items)) for parent, items in by_parent.items()}


# the replies


class Raw(str):
    """JSON that is written as it is."""


class Again(str):
    """A name that occurs twice in an object."""

    __eq__, __hash__ = object.__eq__, object.__hash__


NASTY = [
    "</script><script>alert('x')</script>",
    "'; drop table claude_code.usage_report; --",
    '" or ""="',
    "$$; delete from day_fetches; $$",
    "{table} %s %(a)s ${x} {{ x }}",
    "a\x01b",
    "\u2028\u202e\ufeff",
    "line\r\nbreak\ttab",
    "\\",
    "\\u0041\\'",
    "é" * 300,
    "😀",
    "'",
    "''",
    "NULL",
    "null",
    "NaN",
    "-1",
    "",
    " ",
    "x" * 9000,
    "a,b|c~1:2",
    "_dlt_id",
    "account",
]
NUMBERS = [
    *(Raw(text) for text in ("NaN", "-Infinity", "1e400", "1E-3", "-0", "01", "5.0")),
    *(Raw(str(number)) for number in (2**63 - 1, 2**63, -(2**63), -1, -7, 0, 3)),
    Raw("1" + "0" * 5000),
    Raw("12345678901234.123456789012345678901234"),
    Raw("0.1234567890123456789012345678901234567890"),
    Raw("1025." + "0" * 40),
    Raw("123456789012345678901234567890"),
]
DEEP = [Raw("[" * depth + "]" * depth) for depth in (5, 70, 5000)] + [
    Raw('{"a":' * 60 + "1" + "}" * 60)
]
ACCEPTED = [*range(15), -3]
texts = st.one_of(st.sampled_from(NASTY), st.text(max_size=20))
values = st.one_of(
    texts,
    st.sampled_from(NUMBERS),
    st.sampled_from(DEEP),
    st.sampled_from(
        [None, True, False, [], {}, [None], [{}], Raw(r'"\ud800"'), "a\0b"]
    ),
    st.integers(-(10**30), 10**30),
    st.fixed_dictionaries({"accepted": st.integers(-3, 3)}),
    st.dictionaries(texts, st.one_of(texts, st.integers(-5, 5)), max_size=3),
    st.lists(st.one_of(texts, st.none(), st.booleans()), max_size=3),
)


def written(value):
    """JSON text, also in forms that no JSON library would write."""
    match value:
        case Raw():
            return str(value)
        case dict():
            pairs = [f"{json.dumps(name)}:{written(value[name])}" for name in value]
            return "{" + ",".join(pairs) + "}"
        case list():
            return "[" + ",".join(map(written, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


@st.composite
def records(draw, day):
    """The contract's example with odd but valid texts, perhaps changed."""
    made = record(str(day), draw(texts), terminal_type=draw(texts))
    made["tool_actions"][draw(texts)] = {"accepted": draw(st.sampled_from(ACCEPTED))}
    made["model_breakdown"][0]["model"] = draw(texts)
    if draw(st.booleans()):
        cost = made["model_breakdown"][0]["estimated_cost"]
        cost["currency"] = draw(st.one_of(st.just("USD"), texts))
        cost["amount"] = draw(
            st.one_of(
                st.integers(-5, 10**9),
                st.decimals(0, 10**6, places=9).map(str),
                st.decimals(0, 10**6, places=17).map(lambda cents: Raw(f"{cents:f}")),
            )
        )
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 1, 2]))):
        made = draw(bent(made))
    return made


CHANGES = ["change"] * 4 + ["leave out"] * 3 + ["add"] * 4 + ["twice"] * 2


@st.composite
def bent(draw, made):
    """A copy with one value changed, left out, added or repeated, anywhere."""
    made = copy.deepcopy(made)
    place = draw(st.sampled_from(list(_objects(made))))
    name = draw(st.sampled_from(sorted(place) or ["date"]))
    match draw(st.sampled_from(CHANGES)):
        case "change":
            place[name] = draw(values)
        case "leave out":
            place.pop(name, None)
        case "add":
            place[draw(texts)] = draw(values)
        case "twice":
            name = draw(st.one_of(st.just(name), texts))
            place.setdefault(name, draw(values))
            place[Again(name)] = draw(values)
    return made


def _objects(value):
    if isinstance(value, dict):
        yield value
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _objects(item)


BYTES = {
    "as it is": lambda body, at: body,
    "cut": lambda body, at: body[:at],
    "broken UTF-8": lambda body, at: body[:at] + b"\xff" + body[at:],
    "broken text": lambda body, at: body.replace(b'_type":"', b'_type":"\xff'),
    "another byte": lambda body, at: body[:at] + b"7" + body[at + 1 :],
    "a byte less": lambda body, at: body[:at] + body[at + 1 :],
    "byte order mark": lambda body, at: b"\xef\xbb\xbf" + body,
    "something behind": lambda body, at: body + b" {}",
    "html": lambda body, at: b"<html></script>",
}


@st.composite
def replies(draw, day):
    """The pages of a day, cursor -> bytes; the first one's cursor is None."""
    cursors = [None, *draw(st.lists(texts.filter(bool), max_size=1, unique=True)), None]
    bodies = {}
    for cursor, following in pairwise(cursors):
        page = {
            "data": draw(st.lists(records(day), min_size=1, max_size=2)),
            "has_more": following is not None,
            "next_page": following,
        }
        if draw(st.integers(0, 14)) == 0:
            page = draw(bent(page))
        kinds = ["as it is"] * 25 + sorted(BYTES)
        body = written(page).encode("utf-8", "surrogatepass")
        spoil = BYTES[draw(st.sampled_from(kinds))]
        bodies[cursor] = spoil(body, draw(st.integers(0, len(body))))
    return bodies


def invented():
    """Many days of replies: day -> pages; hand-written ones first."""
    days = {
        FIRST + timedelta(number): {None: body}
        for number, body in enumerate([*NO_JSON.values(), *BAD_JSON.values()])
    }
    for day, bodies in days.items():
        bodies[None] = bodies[None].replace(b"2025-09-01", f"{day}".encode())

    @seed(dice("hostile").random())
    @settings(
        max_examples=DAYS,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def invent(data):
        day = FIRST + timedelta(len(days))
        days[day] = data.draw(replies(day))

    invent()
    return days


# the load


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """Days of one plain record each, then loaded again with hostile replies."""
    bodies = invented()
    database = tmp_path_factory.mktemp("hostile") / "usage.duckdb"
    plain = History({str(day): [record(str(day))] for day in bodies})
    with served(plain) as api:
        span = str(min(bodies)), str(max(bodies))
        load_from(api, database, *span, max_wait=60)
        before = stored(database)
        api.fault = Hostile(bodies)
        outcome = load_from(api, database, *span, max_wait=60)
    with open_warehouse("duckdb", database, "claude_code") as warehouse:
        warehouse.build_views()
        failures = warehouse.check_views()
    return Loaded(bodies, database, before, outcome, failures)


@dataclass
class Loaded:
    """A load of hostile replies, and the warehouse before and after."""

    bodies: dict
    database: object
    before: dict
    outcome: object
    failures: list


class Hostile:
    """A fault hook that sends each page; a retry gets the same page."""

    def __init__(self, bodies):
        self.bodies, self.seen = bodies, Counter()

    def __call__(self, request):
        day = date.fromisoformat(request.query["starting_at"])
        self.seen[request.target] += 1
        body = self.bodies[day].get(request.query.get("page"))
        if body is None or self.seen[request.target] > 1:
            return error(404, "this is all there is")
        return Response(200, {"content-type": "application/json"}, body)


def judged(bodies, day):
    """The model's rows and whether refusal is allowed too; None: it must fail."""
    try:
        return expected(bodies, day)
    except RefusedError:
        return None


@pytest.mark.slow
def test_hostile_days_load_exactly_or_fail(loaded):
    """What the model accepts is stored like the model says; the rest fails."""
    wrong = {}
    days = stored(loaded.database)
    for day, bodies in loaded.bodies.items():
        model = judged(bodies, day)
        may_fail = model is None or model.is_odd
        if day in loaded.outcome.failed:
            right = may_fail
        else:
            rows = days.get(day, [])
            right = model is not None and _same(model.rows, rows)
        if not right:
            wrong[day] = bodies, model and model.rows, days.get(day)

    assert {} == wrong


@pytest.mark.slow
def test_a_failed_day_has_its_reason_and_keeps_what_was_stored(loaded):
    """The summary and the ledger have the reason, and the stored rows are unchanged."""
    days = stored(loaded.database)
    failed = loaded.outcome.failed
    reasons = query(
        loaded.database,
        "select date, error from claude_code.day_fetches where status = 'failed'",
    )

    assert failed == dict(reasons)
    assert all(failed.values())
    assert {day: loaded.before[day] for day in failed} == {
        day: days.get(day) for day in failed
    }


def test_the_hostile_days_are_of_all_kinds(loaded):
    """Some fail and some load."""
    days = len(loaded.bodies)
    failed = len(loaded.outcome.failed)

    assert days >= 0.9 * DAYS
    assert 0.2 * days < failed < 0.8 * days


@pytest.mark.slow
def test_the_checks_hold_but_for_counts_that_are_negative(loaded):
    """That check counts every one; without those days no check fails."""
    negatives = {
        day: count
        for day, bodies in loaded.bodies.items()
        if day not in loaded.outcome.failed and (model := judged(bodies, day))
        if (count := model.negatives())
    }
    counts = {failure.check: failure.count for failure in loaded.failures}
    rates = counts.pop("rates_lie_between_0_and_1", 0)

    assert {"counts_are_not_negative": sum(negatives.values())} == counts
    assert rates <= 2 * sum(negatives.values())  # they are in two marts
    for table in TABLES:
        days = ", ".join(f"'{day}'" for day in negatives)
        execute(
            loaded.database, f"delete from claude_code.{table} where date in ({days})"
        )
    with open_warehouse("duckdb", loaded.database, "claude_code") as warehouse:
        warehouse.build_views(everything=True)  # stored marts know nothing of this
        assert [] == warehouse.check_views()


def _same(left, right):
    return sorted(left, key=repr) == sorted(right, key=repr)


# large pages


def large(day, **fields):
    """A page of this many megabytes: a thousand records of odd text."""
    text, repeats = "".join(NASTY[:10]), 24 * PAGE_MEGABYTES // 5
    many = [
        record(
            str(day), f"{n}{NASTY[1]}", terminal_type=f"{n}" + text * repeats, **fields
        )
        for n in range(1000)
    ]
    body = json.dumps({"data": many, "has_more": False}, ensure_ascii=False).encode()
    return body + b" " * (PAGE_MEGABYTES * MEGABYTE - len(body))


@pytest.mark.slow
def test_large_pages(tmp_path):
    """One loads exactly, also with unknown fields; a cut one fails its day."""
    days = [FIRST + timedelta(n) for n in range(3)]
    whole, unknown = large(days[0]), large(days[1], novelty=[{"a": NASTY}])
    bodies = {
        days[0]: {None: whole},
        days[1]: {None: unknown},
        days[2]: {None: large(days[2]).rstrip()[:-1]},
    }
    database = tmp_path / "usage.duckdb"
    with served(History()) as api:
        api.fault = Hostile(bodies)
        outcome = load_from(
            api, database, str(days[0]), str(days[2]), max_wait=120, timeout=60
        )
    rows = stored(database)

    assert min(len(whole), len(unknown)) >= PAGE_MEGABYTES * MEGABYTE
    assert {days[2]} == set(outcome.failed)
    assert set(days[:2]) == set(rows)
    assert _same(expected(bodies[days[0]], days[0]).rows, rows[days[0]])
    assert _same(expected(bodies[days[1]], days[1]).rows, rows[days[1]])


def test_a_long_word_in_an_unknown_field_costs_no_time():
    """A megabyte without a space is read as fast as any other text."""
    began = time.monotonic()
    body = json.dumps({"data": [record(f"{FIRST}", novelty="x" * MEGABYTE)]})
    PageReader().read(body.encode())

    assert time.monotonic() - began < 5


def test_the_model_knows_the_example():
    """The model reads the documented record correctly."""
    body = json.dumps({"data": [EXAMPLE]}).encode()
    ((known, unknown, models, tools),) = expected({None: body}, date(2025, 9, 1)).rows

    assert ("default", EXAMPLE["organization_id"], "user_actor") == known[:3]
    assert (5, 1543, 892, 12, 2) == known[-5:]
    assert "{}" == unknown
    assert (0, "claude-sonnet-4-5-20250929", 100000, 35000, 10000, 5000) == models[0][
        :6
    ]
    assert ("USD", Decimal(1025)) == models[0][6:]
    assert ("edit_tool", 45, 5) == tools[0]
