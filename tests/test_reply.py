"""Reply bytes: read exactly, or refused with one of two errors, never in part."""

import json
from decimal import Decimal

import pytest

from api import (
    EXAMPLE,
    KEY,
    MODELS,
    REPORT,
    record,
    reply,
    rows,
    sums,
    tables,
)
from claude_code_analytics import ContractError
from claude_code_analytics.reply import PageReader
from whole_days.errors import TransientError

GOOD = reply(EXAMPLE)


def with_text(old, new):
    """The example's reply with one part of its text replaced."""
    assert GOOD.count(old.encode()) == 1
    return GOOD.replace(old.encode(), new if isinstance(new, bytes) else new.encode())


def sessions(text):
    return with_text('"num_sessions": 5', f'"num_sessions": {text}')


def cents(text):
    return with_text('"amount": 1025', f'"amount": {text}')


def unknown(text):
    return with_text('"customer_type"', f'"novelty": {text}, "customer_type"')


NO_JSON = {
    "cut": GOOD[:300],
    "cut by one": GOOD[:-1],
    "html": b"<html><body>502 Bad Gateway</body></html>",
    "empty": b"",
    "white space": b" \n",
    "two documents": GOOD + GOOD,
    "two lines": GOOD + b"\n" + GOOD,
    "a null behind": GOOD + b" null",
    "html behind": GOOD + b"<html>",
    "a brace too many": GOOD + b"}",
    "zero bytes behind": GOOD + b"\0\0",
    "broken text": with_text("dev@", b"\xff@"),
    "broken unknown text": unknown('"ZZ"').replace(b"ZZ", b"\xff"),
    "broken name": with_text('"customer_type"', b'"\xff": 1, "customer_type"'),
    "broken cursor": GOOD.replace(b"null}", b'"\xff"}'),
    "encoded surrogate": with_text("dev@", b"\xed\xa0\x80@"),
    "utf-16": GOOD.decode().encode("utf-16"),
    "NaN": sessions("NaN"),
    "NaN cents": cents("NaN"),
    "unknown NaN": unknown("NaN"),
    "unknown infinity": unknown("[-Infinity]"),
    "leading zero": cents("01"),
    "line break in text": with_text("vscode", "vs\ncode"),
}
BAD_JSON = {
    "null": b"null",
    "array": b"[]",
    "array around": b"[" + GOOD + b"]",
    "text": b'"data"',
    "number": b"5",
    "no data": b'{"has_more": false, "next_page": null}',
    "an error": b'{"type": "error", "error": {"type": "api_error", "message": "m"}}',
    "data null": b'{"data": null}',
    "data object": b'{"data": {}}',
    "null record": b'{"data": [null]}',
    "null among records": GOOD.replace(b"[{", b"[null, {", 1),
    "text record": b'{"data": ["a"]}',
    "null model entry": with_text('"model_breakdown": [', '"model_breakdown": [null, '),
    "text as count": sessions('"5"'),
    "fraction as count": sessions("5.5"),
    "boolean as count": sessions("true"),
    "object as count": sessions("{}"),
    "count beyond int64": sessions("9223372036854775808"),
    "number as text": with_text('"vscode"', "7"),
    "number as actor": reply(record(actor=7)),
    "number as known tool": reply(record(tool_actions={"edit_tool": 5})),
    "array as tools": reply(record(tool_actions=[])),
    "text as has_more": b'{"data": [], "has_more": "true"}',
    "number as cursor": b'{"data": [], "has_more": true, "next_page": 5}',
    "text cents": cents('"ten"'),
    "empty cents": cents('""'),
    "cents too large": cents("1e30"),
    "cents of 31 digits": cents("1" + 30 * "0"),
    "cents beyond a double": cents("1e400"),
    "cents too fine": cents("1e-40"),
    "twice the same": with_text('"is_remote"', '"is_remote": false, "is_remote"'),
    "twice, null first": with_text('"is_remote"', '"is_remote": null, "is_remote"'),
    "twice in depth": sessions('5, "num_sessions": 6'),
    "twice data": GOOD.replace(b'{"data"', b'{"data": [], "data"'),
    "twice a tool": with_text('"edit_tool": {', '"edit_tool": {}, "edit_tool": {'),
    "twice a new tool": with_text('"edit_tool": {', '"b": {}, "b": {}, "edit_tool": {'),
    "twice unknown": unknown('1, "novelty": 1'),
    "twice in unknown": unknown('{"a": 1, "a": 2}'),
    "one path for two": reply(
        record(actor={"team": 1, "email_address": "a"}, **{"actor.team": 2})
    ),
    "too deep": unknown("[" * 3000 + "]" * 3000),
    "too deep an object": unknown('{"a":' * 3000 + "1" + "}" * 3000),
    "lone surrogate": with_text("vscode", r"\ud800"),
    "lone low surrogate": with_text("vscode", r"\udc00"),
    "lone surrogate in a name": with_text('"model"', r'"\ud800"'),
    "lone surrogate in a tool": with_text('"edit_tool"', r'"\ud800"'),
    "unknown lone surrogate": unknown(r'"\ud800"'),
    "zero byte": with_text("vscode", r"vs\u0000code"),
    "zero byte behind a backslash": with_text("vscode", r"vs\\\u0000code"),
    "zero byte in a name": with_text(
        '"customer_type"', r'"\u0000": 1, "customer_type"'
    ),
    "zero byte in a tool": with_text('"edit_tool"', r'"\u0000"'),
    "unknown zero byte": unknown(r'"\u0000"'),
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_may_be_whole_the_next_time(body):
    """A reply that is not JSON is worth another try."""
    with pytest.raises(TransientError, match="cut short or is not JSON"):
        PageReader().read(body)


@pytest.mark.parametrize("body", BAD_JSON.values(), ids=BAD_JSON)
def test_json_that_cannot_be_loaded_exactly_is_refused(body):
    """A reply that cannot be loaded exactly is refused."""
    with pytest.raises(ContractError):
        tables(body)


@pytest.mark.parametrize("depth", range(900, 1000, 7))
def test_no_depth_of_nesting_is_a_bug(depth):
    """Near Python's limit of nesting, a reply loads or is refused."""
    body = unknown("[" * depth + "]" * depth)
    try:
        kept = tables(body).rows(REPORT)["unknown_fields"].to_pylist()
    except ContractError:
        return

    assert [json.dumps({"novelty": json.loads("[" * depth + "]" * depth)})] == kept


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1025", "1025"),
        ("10.25", "10.25"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("123456789.12345678", "123456789.12345678"),
        ("1e2", "100"),
        ("1E-3", "0.001"),
        ("1.5e+3", "1500"),
        ('"10.25"', "10.25"),
        ('"1025"', "1025"),
        ("-5", "-5"),
        ("0", "0"),
        ("0.00020999999999999998",) * 2,
        ("3.0000000000000001e-06", "0.0000030000000000000001"),
        ("99999999999999.999999999999999999999999",) * 2,
        ("1025." + 24 * "0", "1025"),
    ],
)
def test_money_is_exact_as_it_is_written(text, expected):
    """Cents keep every digit: whole, fractional, with exponents, or as text."""
    day = tables(cents(text))
    (model,) = day.rows(MODELS).to_pylist()

    assert Decimal(expected) == model["estimated_cost__amount"]
    assert Decimal(expected) == sums(day)["estimated_cost_cents"]


@pytest.mark.parametrize("text", [r"\\u0000", r"\\\\u0000", r"\u0001", "u0000"])
def test_what_only_looks_like_a_zero_byte_is_text(text):
    """An escaped backslash does not begin an escape."""
    (row,) = tables(with_text("vscode", text)).rows(REPORT).to_pylist()

    assert json.loads(f'"{text}"') == row["terminal_type"]


def test_counts_reach_to_the_end_of_int64():
    """The largest count loads exactly."""
    day = tables(sessions(str(2**63 - 1)))

    assert 2**63 - 1 == sums(day)["num_sessions"]
    assert [2**63 - 1] == day.rows(REPORT)["core_metrics__num_sessions"].to_pylist()


def test_a_byte_order_mark_is_no_part_of_the_reply():
    """JSON after a byte order mark is read like JSON without it."""
    assert tables(GOOD).rows(REPORT) == tables(b"\xef\xbb\xbf" + GOOD).rows(REPORT)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b'{"data": [], "has_more": true, "next_page": "p"}', (True, "p")),
        (b'{"data": [], "has_more": false, "next_page": null}', (False, None)),
        (b'{"data": [], "has_more": true}', (True, None)),
        (b'{"data": []}', (False, None)),
        (b'{"data": [], "next_page": "p"}', (True, "p")),
    ],
)
def test_a_page_says_whether_there_are_more(body, expected):
    """A cursor without `has_more` is followed."""
    page = PageReader().read(body)

    assert expected == (page.has_more, page.next_page)


def test_a_page_holds_more_records_than_a_block_of_arrow():
    """A reply of several megabytes is read completely."""
    many = [record(terminal_type=f"{n}-" + 1000 * "x") for n in range(3000)]

    assert [r["terminal_type"] for r in many] == [
        row["terminal_type"] for row in rows(*many)
    ]


def test_no_message_holds_the_whole_reply():
    """A refusal says what is wrong, without the records."""
    with pytest.raises(ContractError) as refused:
        tables(reply(*[record(terminal_type=KEY)] * 9, record(terminal_type=7)))

    assert KEY not in str(refused.value)
    assert len(str(refused.value)) < 300
