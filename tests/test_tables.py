"""Records become rows of three tables: all, exact, and only of the right day."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from api import (
    DAY,
    EXAMPLE,
    MODELS,
    REPORT,
    TOOLS,
    all_rows,
    record,
    reply,
    rows,
    sums,
    tables,
    user,
)
from claude_code_analytics import CLAUDE_CODE, ContractError

TABLES = CLAUDE_CODE.all_tables

KEYS = {
    "account": "default",
    "date": DAY,
    "organization_id": "dc9f6c26-b22c-4831-8d01-0446bada88f1",
}
COUNTS = [
    "core_metrics__num_sessions",
    "core_metrics__lines_of_code__added",
    "core_metrics__lines_of_code__removed",
    "core_metrics__commits_by_claude_code",
    "core_metrics__pull_requests_by_claude_code",
]


def model(name, amount=1, currency="USD"):
    return {"model": name, "estimated_cost": {"currency": currency, "amount": amount}}


def column(name, *records, table=REPORT):
    return [row[name] for row in rows(*records, table=table)]


def without_ids(row):
    return {name: value for name, value in row.items() if not name.startswith("_dlt")}


# the documented record


def test_the_documented_record_is_a_row_of_the_report():
    """Every value of the contract's example is in the column named after it."""
    (row,) = rows(EXAMPLE)

    expected = {
        **KEYS,
        "actor__type": "user_actor",
        "actor__email_address": "dev@example.com",
        "actor__api_key_name": None,
        "customer_type": "api",
        "subscription_type": None,
        "is_remote": False,
        "terminal_type": "vscode",
        **dict(zip(COUNTS, [5, 1543, 892, 12, 2], strict=True)),
        "unknown_fields": None,
    }

    assert expected == without_ids(row)


def test_the_documented_record_has_a_row_for_its_model():
    """Its tokens are counts and its cost is 1025 cents, a decimal."""
    (report,), (row,) = rows(EXAMPLE), rows(EXAMPLE, table=MODELS)

    expected = {
        **KEYS,
        "model": "claude-sonnet-4-5-20250929",
        "tokens__input": 100000,
        "tokens__output": 35000,
        "tokens__cache_read": 10000,
        "tokens__cache_creation": 5000,
        "estimated_cost__currency": "USD",
        "estimated_cost__amount": Decimal(1025),
    }

    assert expected == without_ids(row)
    assert (report["_dlt_id"], 0) == (row["_dlt_parent_id"], row["_dlt_list_idx"])


def test_the_documented_record_has_a_row_for_each_tool():
    """Its tools are rows: 45 edits accepted, 5 rejected."""
    found = rows(EXAMPLE, table=TOOLS)

    expected = {
        "edit_tool": (45, 5),
        "multi_edit_tool": (12, 2),
        "write_tool": (8, 1),
        "notebook_edit_tool": (3, 0),
    }

    assert expected == {
        row["tool"]: (row["accepted"], row["rejected"]) for row in found
    }
    assert KEYS.items() <= found[0].items()
    assert set(column("_dlt_id", EXAMPLE)) == {row["_dlt_parent_id"] for row in found}


@pytest.mark.parametrize("table", [REPORT, MODELS, TOOLS])
@pytest.mark.parametrize("records", [[EXAMPLE], []], ids=["a day", "an empty day"])
def test_columns_are_those_of_the_contract_in_its_order(table, records):
    """A table has exactly the described columns, except the load's id."""
    expected = TABLES[table].schema.names

    assert expected == tables(reply(*records)).rows(table).column_names


@pytest.mark.parametrize("records", [[EXAMPLE], []], ids=["a day", "an empty day"])
def test_types_do_not_depend_on_what_came(records):
    """Counts are int64, money is decimal, days are dates, also without rows."""
    found = all_rows(tables(reply(*records)))
    types = {
        name: kind
        for table in found.values()
        for name, kind in zip(table.column_names, table.schema.types, strict=True)
    }
    counts = [*COUNTS, "accepted", "rejected", "_dlt_list_idx"]
    counts += [name for name in types if name.startswith("tokens__")]

    assert {pa.int64()} == {types[name] for name in counts}
    assert pa.types.is_decimal(types["estimated_cost__amount"])
    assert (pa.date32(), pa.bool_()) == (types["date"], types["is_remote"])


# other shapes of a record


@pytest.mark.parametrize(
    ("actor", "expected"),
    [
        ({"email_address": "a@b.c"}, ("user_actor", "a@b.c", None)),
        ({"api_key_name": "ci"}, ("api_actor", None, "ci")),
        ({"type": "api_actor", "api_key_name": "ci"}, ("api_actor", None, "ci")),
        ({"type": None, "api_key_name": "ci"}, ("api_actor", None, "ci")),
        ({"type": "team_actor", "team": "x"}, ("team_actor", None, None)),
        ({"type": "team_actor", "email_address": "e"}, ("team_actor", "e", None)),
        ({"type": "user_actor"}, ("user_actor", None, None)),
        ({}, (None, None, None)),
        (None, (None, None, None)),
    ],
)
def test_the_type_of_an_actor_is_told_or_follows_from_its_name(actor, expected):
    """A given type is kept, known or not; a missing one is derived."""
    (row,) = rows(record(actor=actor))

    assert expected == (
        row["actor__type"],
        row["actor__email_address"],
        row["actor__api_key_name"],
    )


def test_the_reference_pages_shape_loads():
    """A record without actor type, customer type and `is_remote` is a row."""
    actor = {"email_address": "user@example.com"}
    day = tables(reply(record("customer_type", "is_remote", actor=actor)))
    (row,) = day.rows(REPORT).to_pylist()

    assert "user_actor" == row["actor__type"]
    assert (None, None) == (row["customer_type"], row["is_remote"])
    assert [1, 1, 4] == [day.counts[table] for table in (REPORT, MODELS, TOOLS)]


def test_a_record_without_any_optional_field_is_a_row():
    """Only the date is required; other missing fields are null, not 0."""
    (row,) = rows({"date": "2025-09-01"})

    told = {name: value for name, value in row.items() if value is not None}

    assert {"account", "date", "_dlt_id"} == set(told)


@pytest.mark.parametrize("field", ["tool_actions", "model_breakdown"])
@pytest.mark.parametrize("missing", ["empty", "null", "missing"])
def test_a_record_without_children_is_kept(field, missing):
    """A record without tools or models is a row; its neighbours keep theirs."""
    empty = {"tool_actions": {}, "model_breakdown": []}[field]
    bare = {
        "empty": record(**{field: empty}),
        "null": record(**{field: None}),
        "missing": record(field),
    }[missing]
    table = {"tool_actions": TOOLS, "model_breakdown": MODELS}[field]
    day = tables(reply(bare, EXAMPLE, bare))
    children = day.rows(table)["_dlt_parent_id"].to_pylist()

    assert 3 == day.counts[REPORT]
    assert {day.rows(REPORT)["_dlt_id"][1].as_py()} == set(children)


def test_tools_not_known_are_rows():
    """Every name under `tool_actions` is a tool."""
    made = record(tool_actions={"bash": {"accepted": 3}, "": {"rejected": 1}})

    assert {("bash", 3, None), ("", None, 1)} == {
        (row["tool"], row["accepted"], row["rejected"])
        for row in rows(made, table=TOOLS)
    }


def test_a_tool_that_is_null_has_no_row():
    """A null tool has no row, whether it is known or new."""
    made = record(tool_actions={"bash": None, "edit_tool": None})

    assert [] == rows(made, table=TOOLS)


def test_model_entries_keep_their_place_in_their_record():
    """Positions count from 0 in each record, also on a later page."""
    one = record(model_breakdown=[model("a"), model("b")])
    two = record(model_breakdown=[model("c")])
    found = tables(reply(one, two), reply(two, one)).rows(MODELS).to_pylist()

    assert [("a", 0), ("b", 1), ("c", 0), ("c", 0), ("a", 0), ("b", 1)] == [
        (row["model"], row["_dlt_list_idx"]) for row in found
    ]


def test_children_follow_their_record_over_pages():
    """Each model and tool has the id of its record."""
    names = [f"user{n}" for n in range(5)]
    records = [
        record(
            actor={"email_address": name},
            model_breakdown=[model(name)],
            tool_actions={name: {"accepted": 1}},
        )
        for name in names
    ]
    found = all_rows(tables(reply(*records[:2]), reply(), reply(*records[2:])))
    owner = {
        row["_dlt_id"]: row["actor__email_address"] for row in found[REPORT].to_pylist()
    }

    for table, label in ((MODELS, "model"), (TOOLS, "tool")):
        pairs = {
            (row[label], owner[row["_dlt_parent_id"]])
            for row in found[table].to_pylist()
        }

        assert {(name, name) for name in names} == pairs


# the day


@pytest.mark.parametrize(
    "text",
    [
        "2025-09-01",
        "2025-09-01T00:00:00Z",
        "2025-09-01T00:00:00+00:00",
        "2025-09-01T13:45:10.123456Z",
        "2025-09-01T23:59:59.999999999Z",
        "2025-09-01T02:00:00+02:00",
        "2025-08-31T23:00:00-01:00",
    ],
)
def test_a_date_counts_by_its_utc_day(text):
    """The UTC day of a date counts, at any hour and offset."""
    day = tables(reply(record(date=text), EXAMPLE))

    assert [DAY, DAY] == day.rows(REPORT)["date"].to_pylist()


@pytest.mark.parametrize(
    "text",
    [
        "2025-09-02",
        "2025-08-31T23:59:59Z",
        "2025-09-02T00:00:00Z",
        "2025-09-01T01:00:00+02:00",
        "2025-08-31T22:00:00-01:00",
        "1969-12-31T23:59:59Z",
    ],
)
def test_a_record_of_another_day_fails_the_day(text):
    """One such record is enough; the error names its date."""
    with pytest.raises(ContractError, match="2025-09-01 holds a record of ") as failed:
        tables(reply(EXAMPLE, record(date=text)))

    assert text in str(failed.value)


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2025-09-01T00:00:00", "2025-02-30", "20250901", "\uff11"]
)
def test_a_date_that_cannot_be_read_fails_the_day(text):
    """A malformed date is refused, never guessed."""
    with pytest.raises(ContractError, match="date cannot be read"):
        tables(reply(EXAMPLE, record(date=text)))


@pytest.mark.parametrize("made", [record("date"), record(date=None)])
def test_a_record_without_a_date_fails_the_day(made):
    """A record without a date may belong to another day."""
    with pytest.raises(ContractError, match="no date"):
        tables(reply(EXAMPLE, made))


# the sums


def test_the_sums_of_a_day():
    """The sums count sessions and US cents of all pages, without other currencies."""
    one = record(model_breakdown=[model("a", 0.1), model("b", 7, "EUR")])
    two = record(model_breakdown=[model("c", 0.2), model("d", 7, None), {"model": "e"}])
    day = tables(reply(one), reply(two, record("core_metrics", model_breakdown=[])))

    assert (10, Decimal("0.3")) == (
        sums(day)["num_sessions"],
        sums(day)["estimated_cost_cents"],
    )


def test_a_day_without_records_sums_up_to_nothing():
    """An empty day has sums of 0, not null."""
    day = tables(reply())

    assert (0, Decimal(0), 0) == (
        sums(day)["num_sessions"],
        sums(day)["estimated_cost_cents"],
        sums(day)["duplicates"],
    )


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (record(core_metrics={"num_sessions": 2**62}), "add up to 9223372036854775808"),
        (record(core_metrics={"num_sessions": -(2**62) - 1}), "add up to -9223372"),
        (record(model_breakdown=[model("a", 10**14 - 1)]), "out of range"),
    ],
)
def test_sums_that_overflow_fail_the_day(made, reason):
    """The day fails if its sum overflows; the sum neither wraps around nor crashes."""
    assert 1 == len(rows(made))

    with pytest.raises(ContractError, match=reason):
        tables(reply(made, made))


def test_records_that_share_their_grain_are_kept_and_counted():
    """Duplicates share every key; their other values may differ."""
    same = record("tool_actions", core_metrics={"num_sessions": 1})
    other = record(is_remote=True)
    day = tables(reply(EXAMPLE, user("a@b.c"), same), reply(other, EXAMPLE))

    assert (5, 2) == (day.counts[REPORT], sums(day)["duplicates"])


def test_an_account_is_in_every_row():
    """The rows of all tables have the account."""
    found = all_rows(tables(reply(EXAMPLE), account="emea")).values()

    assert {"emea"} == {
        name for table in found for name in table["account"].to_pylist()
    }


def test_a_day_long_ago_is_a_day():
    """A leap day long ago is a day like any other."""
    day = date(2024, 2, 29)

    assert [day] == tables(reply(record(date="2024-02-29")), day=day).rows(REPORT)[
        "date"
    ].to_pylist()
