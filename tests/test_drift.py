"""What the contract does not know is kept by path, and counted by name."""

import json

import pytest
import simplejson

from api import EXAMPLE, REPORT, TOOLS, record, reply, rows, tables
from claude_code_analytics.reply import PageReader


def kept(made):
    """The `unknown_fields` of a record, parsed."""
    (row,) = rows(made)
    return json.loads(row["unknown_fields"])


CASES = {
    "a field": (record(novelty=7), {"novelty": 7}),
    "null": (record(novelty=None), {"novelty": None}),
    "an object": (record(team={"id": [1, None]}), {"team": {"id": [1, None]}}),
    "of the actor": (
        record(actor={"type": "team_actor", "team": "x", "lead": "y"}),
        {"actor.team": "x", "actor.lead": "y"},
    ),
    "of the metrics": (
        record(core_metrics={"num_sessions": 1, "minutes": 0.5}),
        {"core_metrics.minutes": 0.5},
    ),
    "of the lines": (
        record(core_metrics={"lines_of_code": {"added": 1, "moved": 2}}),
        {"core_metrics.lines_of_code.moved": 2},
    ),
    "of a tool": (
        record(tool_actions={"edit_tool": {"accepted": 1, "auto": 3}}),
        {"tool_actions.edit_tool.auto": 3},
    ),
    "of a new tool": (
        record(tool_actions={"bash": {"accepted": 1, "auto": 3}}),
        {"tool_actions.bash.auto": 3},
    ),
    "no tool": (record(tool_actions={"total": 5}), {"tool_actions.total": 5}),
    "of a model": (
        record(model_breakdown=[{"model": "a"}, {"model": "b", "tier": "t"}]),
        {"model_breakdown[1].tier": "t"},
    ),
    "of the tokens": (
        record(model_breakdown=[{"tokens": {"input": 1, "thinking": 9}}]),
        {"model_breakdown[0].tokens.thinking": 9},
    ),
    "of the cost": (
        record(model_breakdown=[{"estimated_cost": {"amount": 1, "tax": 2}}]),
        {"model_breakdown[0].estimated_cost.tax": 2},
    ),
}


@pytest.mark.parametrize(("made", "expected"), CASES.values(), ids=CASES)
def test_unknown_fields_are_kept_by_path(made, expected):
    """At every level, exactly the fields without a column are kept."""
    assert expected == kept(made)


def sightings(*bodies):
    """What a day's pages hold beyond the contract: kind, name and records."""
    return {
        (kind, name, records)
        for kind, name, records, _ in tables(*bodies).summary.drift
    }


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (record(novelty=7), {("field", "novelty", 1)}),
        (
            record(model_breakdown=[{"tier": 1}, {"tier": 2}]),
            {("field", "model_breakdown.tier", 1)},
        ),
        (record(tool_actions={"bash": {"accepted": 1}}), {("tool", "bash", 1)}),
        (
            record(tool_actions={"bash": {"auto": 1}}),
            {("tool", "bash", 1), ("field", "tool_actions.bash.auto", 1)},
        ),
        (record(tool_actions={"bash": None}), set()),
        (record(actor={"type": "agent"}), {("actor_type", "agent", 1)}),
        (record(actor={"api_key_name": "job"}), set()),
        (EXAMPLE, set()),
    ],
)
def test_unknown_names_are_counted_in_records(made, expected):
    """A name counts once per record, however often the record has it."""
    assert expected == sightings(reply(made, EXAMPLE))


def test_unknown_names_are_counted_over_pages():
    """The second page counts like the first, though the reader knows the tool."""
    new = record(tool_actions={"bash": {"accepted": 1}})
    body = reply(new, EXAMPLE, new)

    assert {("tool", "bash", 6)} == sightings(body, body, body)


def test_unknown_fields_of_the_reply_itself_are_counted():
    """Fields beside `data` are named, though no row can keep them."""
    body = b'{"data": [], "has_more": false, "next_page": null, "total": 0}'

    assert {("field", "reply.total", 1)} == sightings(body)


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (record(fee=simplejson.RawJSON("1.10")), "1.10"),
        (record(boss={"mail": "eve@example.com"}), '{"mail": "[email]"}'),
        (record(boss="<eve@example.com>"), '"<[email]>"'),
        (record(long="x" * 500), '"' + "x" * 199),
        (
            record(tool_actions={"bash": {"accepted": 1, "rejected": 2}}),
            '{"accepted": 1, "rejected": 2}',
        ),
        (record(actor={"type": "agent"}), '"agent"'),
    ],
)
def test_an_example_is_short_and_names_nobody(made, expected):
    """An example shows the value without emails."""
    body = simplejson.dumps({"data": [made], "has_more": False, "next_page": None})
    (seen,) = tables(body.encode()).summary.drift

    assert expected == seen.example


def test_neighbours_of_an_unknown_field_have_none():
    """Only the record that has the field keeps it."""
    found = rows(EXAMPLE, record(novelty=7), EXAMPLE)

    assert [None, '{"novelty": 7}', None] == [row["unknown_fields"] for row in found]


@pytest.mark.parametrize(
    "text", ["1.10", "0.30000000000000004", "1" + 30 * "0", "9" * 5000, "-0.5"]
)
def test_unknown_numbers_keep_every_digit(text):
    """An unknown amount may be money: all digits are kept."""
    body = reply(EXAMPLE).replace(b'"customer_type"', b'"fee": %b, "customer_type"')
    (row,) = tables(body % text.encode()).rows(REPORT).to_pylist()

    assert f'{{"fee": {text}}}' == row["unknown_fields"]


def test_unknown_text_is_kept_readable():
    """Letters of any script stay letters."""
    (row,) = rows(record(équipe="😀\n"))

    assert '{"équipe": "😀\\n"}' == row["unknown_fields"]
    assert {"équipe": "😀\n"} == simplejson.loads(row["unknown_fields"])


@pytest.mark.parametrize("odd", [5, "x", [1], None])
def test_what_a_reader_has_met_changes_nothing(odd):
    """A name that is a tool on one page need not be one on the next."""
    met = PageReader()
    met.read(reply(record(tool_actions={"bash": {"accepted": 1}, "other": {}})))
    body = reply(record(tool_actions={"bash": odd, "edit_tool": {"accepted": 1}}))

    alone, after = tables(body), tables(body, reader=met)

    assert alone.rows(REPORT) == after.rows(REPORT)
    assert alone.rows(TOOLS) == after.rows(TOOLS)
    assert alone.summary.drift == after.summary.drift
