"""Ids and hashes: equal for equal content, different for different content."""

import copy
import re
import subprocess
import sys
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest
import simplejson
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from api import DAY, EXAMPLE, MODELS, REPORT, TOOLS, record, reply, tables, user
from claude_code_analytics.reply import PageReader
from whole_days.ids import texts

RICH = record(
    actor={"type": "user_actor", "email_address": "a@b.c", "api_key_name": "ci"},
    subscription_type="team",
    tool_actions=EXAMPLE["tool_actions"] | {"bash": {"accepted": 1, "rejected": 2}},
    model_breakdown=EXAMPLE["model_breakdown"] * 2,
    novelty={"depth": [1, "two"]},
)
TEN, MANY = 10 * "a", 93 * "b"


def ids(day, table=REPORT):
    return day.rows(table)["_dlt_id"].to_pylist()


def all_ids(day):
    return {table: sorted(ids(day, table)) for table in (REPORT, MODELS, TOOLS)}


def leaves(value, path=()):
    """The paths of all leaf values, except the date."""
    if not isinstance(value, dict | list):
        return [] if path == ("date",) else [path]
    items = value.items() if isinstance(value, dict) else enumerate(value)
    return [leaf for key, item in items for leaf in leaves(item, (*path, key))]


def exchanged(path, value):
    """The rich record with another value at a path, and the old value."""
    made = copy.deepcopy(RICH)
    at = made
    for key in path[:-1]:
        at = at[key]
    before, at[path[-1]] = at[path[-1]], value
    return made, before


def like(value):
    """Other values of the same type."""
    if isinstance(value, bool):
        return st.booleans()
    if isinstance(value, int):
        return st.integers(-(2**31), 2**31)
    characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
    return st.text(characters, max_size=30)


@st.composite
def changes(draw):
    """A path in the rich record, and a new value for it."""
    path = draw(st.sampled_from(leaves(RICH)))
    _, before = exchanged(path, None)
    kind = like(before)
    if path[-1] == "amount":
        kind = st.decimals(0, 10**9, allow_nan=False, places=6)
    return path, draw(st.none() | kind)


def body(*records):
    """The bytes of a page whose records may hold decimals."""
    return simplejson.dumps({"data": records}, use_decimal=True).encode()


# the same


@pytest.mark.slow
@settings(deadline=None)
@given(st.permutations([user(f"u{n % 5}") for n in range(9)]), st.integers(0, 9))
def test_order_and_pages_make_no_difference(records, cut):
    """The order and paging of a day's records change neither ids nor hash."""
    plain = tables(reply(*[user(f"u{n % 5}") for n in range(9)]))
    mixed = tables(reply(*records[:cut]), reply(*records[cut:]))

    assert plain.content_hash == mixed.content_hash
    assert all_ids(plain) == all_ids(mixed)


def test_the_order_of_fields_makes_no_difference():
    """Names in a JSON object have no order."""

    def reverse(value):
        if not isinstance(value, dict):
            return value
        return {name: reverse(value[name]) for name in reversed(value)}

    assert ids(tables(reply(RICH))) == ids(tables(reply(reverse(RICH))))


def test_what_the_reader_met_before_makes_no_difference():
    """Tools of other records and of earlier days do not change an id."""
    met = PageReader()
    met.read(reply(record(tool_actions={"a": {}, "bash": {}, "zsh": {"accepted": 1}})))
    alone = tables(reply(EXAMPLE, RICH))
    after = tables(reply(EXAMPLE, RICH), reader=met)
    beside = tables(reply(EXAMPLE, RICH, record(tool_actions={"csh": {"rejected": 1}})))

    assert all_ids(alone) == all_ids(after)
    assert ids(alone) == ids(beside)[:2]


@pytest.mark.process
def test_another_process_gives_the_same_ids():
    """An id does not depend on the process."""
    program = (
        "import sys; from api import *; body = sys.stdin.buffer.read();"
        "print(tables(body).rows(REPORT)['_dlt_id'].to_pylist())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        input=reply(EXAMPLE, RICH, EXAMPLE),
        capture_output=True,
        check=True,
        env={"PYTHONHASHSEED": "7", "PYTHONPATH": ":".join(sys.path)},
    )

    assert (
        str(ids(tables(reply(EXAMPLE, RICH, EXAMPLE)))) == run.stdout.decode().strip()
    )


@pytest.mark.parametrize("text", ["1025.0", '"1025"', "1.025e3", '"1025.00"'])
def test_the_same_amount_written_otherwise_is_the_same(text):
    """1025 cents are 1025 cents."""
    other = reply(EXAMPLE).replace(b'"amount": 1025', f'"amount": {text}'.encode())

    assert ids(tables(reply(EXAMPLE))) == ids(tables(other))


@pytest.mark.parametrize("field", ["subscription_type", "terminal_type", "actor"])
def test_missing_and_null_are_the_same(field):
    """A missing field and a null field are equal."""
    missing, null = record(field), record(**{field: None})

    assert ids(tables(reply(missing))) == ids(tables(reply(null)))


# different


@pytest.mark.slow
@settings(deadline=None)
@given(changes())
@example((("subscription_type",), None))
@example((("terminal_type",), ""))
@example((("tool_actions", "bash", "accepted"), None))
@example((("model_breakdown", 1, "estimated_cost", "amount"), Decimal("1025.000001")))
@example((("novelty", "depth", 0), None))
def test_any_changed_value_changes_id_and_hash(change):
    """Changing one value of one record changes its id and the day's hash."""
    path, value = change
    made, before = exchanged(path, value)
    assume(value != before)
    assume(change != (("actor", "type"), None))  # the email implies the same type
    old, new = tables(body(RICH, EXAMPLE)), tables(body(made, EXAMPLE))

    assert ids(old)[0] != ids(new)[0]
    assert ids(old)[1] == ids(new)[1]
    assert old.content_hash != new.content_hash


@settings(deadline=None)
@given(st.lists(st.lists(st.none() | st.text(), min_size=3, max_size=3), max_size=6))
def test_values_cannot_run_into_each_other(table):
    """Only equal rows have equal texts; null, empty and colons differ."""
    columns = [pa.array(column, pa.string()) for column in zip(*table, strict=True)]
    assume(columns)
    found = texts(columns).to_pylist()

    assert len({tuple(row) for row in table}) == len(set(found))


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (record(terminal_type=None), record(terminal_type="")),
        (record(terminal_type="~"), record(terminal_type=None)),
        (
            record(customer_type="a", subscription_type="bc"),
            record(customer_type="ab", subscription_type="c"),
        ),
        (
            record(tool_actions={"a": {"accepted": 1}, "b": {"accepted": 2}}),
            record(tool_actions={"a": {"accepted": 2}, "b": {"accepted": 1}}),
        ),
        (record(tool_actions={"a": {}}), record(tool_actions={})),
        (  # 5 and 110 letters, 51 and 10 letters
            record(tool_actions={"!": {"rejected": 5}, f"{TEN}:~:~93:{MANY}": {}}),
            record(tool_actions={"!": {"rejected": 51}, TEN: {}, MANY: {}}),
        ),
        (
            record(model_breakdown=[{"model": "a"}, {"model": "b"}]),
            record(model_breakdown=[{"model": "b"}, {"model": "a"}]),
        ),
        (record(model_breakdown=[{}]), record(model_breakdown=[])),
        (record(novelty=None), record()),
        (record(novelty=1), record(novelty="1")),
    ],
)
def test_records_that_look_alike_are_told_apart(one, two):
    """A difference in any field makes different ids."""
    assert ids(tables(reply(one))) != ids(tables(reply(two)))


def test_accounts_and_days_have_ids_of_their_own():
    """The same record of another account or day is another row."""
    found = [
        ids(tables(reply(EXAMPLE))),
        ids(tables(reply(EXAMPLE), account="emea")),
        ids(tables(reply(record(date="2025-09-02")), day=date(2025, 9, 2))),
    ]

    assert 3 == len({one for (one,) in found})
    assert date(2025, 9, 1) == DAY


# duplicates


def test_identical_records_have_ids_and_children_of_their_own():
    """Three equal records are three rows, each with its own model and four tools."""
    day = tables(reply(EXAMPLE, user("x")), reply(EXAMPLE, EXAMPLE))
    parents = ids(day)

    assert 4 == len(set(parents))
    for table, children in ((MODELS, 1), (TOOLS, 4)):
        owners = day.rows(table)["_dlt_parent_id"].to_pylist()

        assert dict.fromkeys(parents, children) == {
            parent: owners.count(parent) for parent in parents
        }
        assert day.counts[table] == len(set(ids(day, table)))


def test_one_duplicate_less_is_another_day():
    """The hash depends on the number of duplicates."""
    hashes = {tables(reply(*[EXAMPLE] * count)).content_hash for count in range(5)}

    assert 5 == len(hashes)


def test_the_first_duplicate_has_the_id_it_had_alone():
    """Adding or removing a duplicate does not change the other ids."""
    alone, both = ids(tables(reply(EXAMPLE))), ids(tables(reply(EXAMPLE, EXAMPLE)))

    assert alone == both[:1]


def test_ids_are_unique_over_a_large_day():
    """A thousand records with a thousand duplicates have two thousand ids."""
    records = [user(f"u{n}@example.com") for n in range(1000)] * 2
    day = tables(reply(*records[:700]), reply(*records[700:]))

    assert 2000 == len(set(ids(day)))


def test_an_id_is_sixteen_characters_that_a_url_may_hold():
    """An id has 96 bits; a child's id is its record's id with a label."""
    day = tables(reply(RICH))
    (of_record,) = ids(day)

    assert re.fullmatch(r"[\w-]{16}", of_record, re.ASCII)
    assert f"{of_record}/edit_tool" in ids(day, TOOLS)
