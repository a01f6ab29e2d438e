"""A day without names: what a fetch makes of it is what its stored rows become."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import DAY, EXAMPLE, MODELS, REPORT, TOOLS, all_rows, record, reply, tables
from claude_code_analytics import ContractError
from claude_code_analytics.reply import PageReader
from claude_code_analytics.tables import remade_day, usage_day
from whole_days.privacy import Privacy, salted

SECRET = "5f8e0c1d9b7a46352413f0e1d2c3b4a5"
ANN, BOB = "Ann@example.com", "bob@example.com"
FORGOTTEN = {
    salted("salt", "ann@example.com"): False,
    salted("salt", "gone@example.com"): True,
}
SUMMED = {"people_from": DAY + timedelta(days=1)}
PRIVACIES = {
    "pseudonyms": Privacy(SECRET),
    "forgotten": Privacy(salt="salt", forgotten=FORGOTTEN),
    "both": Privacy(SECRET, "salt", FORGOTTEN),
    "sums": Privacy(**SUMMED),
    "all": Privacy(SECRET, "salt", FORGOTTEN, **SUMMED),
}

actors = st.sampled_from(
    [
        {"type": "user_actor", "email_address": ANN},
        {"type": "user_actor", "email_address": "ann@example.com"},
        {"type": "user_actor", "email_address": BOB},
        {"email_address": "GONE@example.com"},
        {"type": "api_actor", "api_key_name": "CI"},
        {"type": "user_actor", "email_address": ""},
        {"type": "robot"},
    ]
)
counts = st.none() | st.integers(0, 10**12)
amounts = st.none() | st.decimals(0, 10**9, places=12) | st.integers(0, 10**9)
entries = st.fixed_dictionaries(
    {
        "model": st.sampled_from(["opus", "haiku"]),
        "tokens": st.fixed_dictionaries({"input": counts, "output": counts}),
        "estimated_cost": st.fixed_dictionaries(
            {"currency": st.sampled_from(["USD", "EUR"]), "amount": amounts}
        ),
    }
)
tools = st.dictionaries(
    st.sampled_from(["edit_tool", "bash", "write_tool"]),
    st.none() | st.fixed_dictionaries({"accepted": counts, "rejected": counts}),
)
records = st.builds(
    lambda actor, terminal, entries, tools, sessions, extra: record(
        actor=actor,
        terminal_type=terminal,
        model_breakdown=entries,
        tool_actions=tools,
        core_metrics={"num_sessions": sessions},
        **extra,
    ),
    actors,
    st.sampled_from([None, "vim", "vscode"]),
    st.lists(entries, max_size=3),
    tools,
    counts,
    st.sampled_from([{}, {}, {"boss": ANN}, {"nick": "n"}, {"boss": [BOB]}]),
)

pytestmark = pytest.mark.slow


def body(made):
    """A page; decimals keep their digits."""
    text = json.dumps({"data": made, "has_more": False}, default=lambda d: f"#{d:f}#")
    return text.replace('"#', "").replace('#"', "").encode()


def fetched(made, privacy):
    return usage_day([PageReader().read(body(made))], "default", DAY, privacy)


def content(day):
    """All that is stored of a day, in any order."""
    return {
        name: sorted(map(repr, rows.to_pylist()))
        for name, rows in all_rows(day).items()
    }


def total(day, table, column):
    return sum(
        Decimal(value)
        for value in day.rows(table)[column].to_pylist()
        if value is not None
    )


@pytest.mark.parametrize("name", PRIVACIES)
@settings(deadline=None, max_examples=40)
@given(made=st.lists(records, max_size=6))
def test_stored_rows_become_what_a_fetch_would_store(name, made):
    """With the same ids and hash, so that the next load finds nothing changed."""
    privacy = PRIVACIES[name]
    named = fetched(made, Privacy())
    remade = remade_day(all_rows(named), "default", DAY, privacy)
    again = remade_day(all_rows(remade), "default", DAY, privacy)
    new = fetched(made, privacy)

    assert content(new) == content(remade) == content(again)
    assert new.content_hash == remade.content_hash == again.content_hash
    assert new.counts == remade.counts
    assert (
        new.notes["day_fetches__claude_code"]
        == remade.notes["day_fetches__claude_code"]
    )


@settings(deadline=None, max_examples=40)
@given(made=st.lists(records, max_size=6))
def test_sums_are_exact(made):
    """Costs to the last of 24 digits, tokens, sessions and proposals."""
    named, summed = (fetched(made, each) for each in (Privacy(), PRIVACIES["sums"]))

    for table, column in (
        (REPORT, "core_metrics__num_sessions"),
        (MODELS, "estimated_cost__amount"),
        (MODELS, "tokens__input"),
        (TOOLS, "accepted"),
    ):
        assert total(named, table, column) == total(summed, table, column)
    assert named.summary.estimated_cost_cents == summed.summary.estimated_cost_cents


@settings(deadline=None, max_examples=40)
@given(made=st.lists(records, max_size=6))
def test_the_same_day_without_privacy_is_remade_as_it_is(made):
    """Every id follows from what is stored."""
    named = fetched(made, Privacy())
    remade = remade_day(all_rows(named), "default", DAY, Privacy())

    assert content(named) == content(remade)
    assert named.content_hash == remade.content_hash


def test_without_the_secret_an_id_does_not_tell_the_name():
    """The id of a day with the guessed name is another one."""
    guessed = tables(reply(EXAMPLE))
    stored = fetched([EXAMPLE], Privacy(SECRET))

    assert guessed.content_hash != stored.content_hash
    assert not {*guessed.rows(REPORT)["_dlt_id"].to_pylist()} & {
        *stored.rows(REPORT)["_dlt_id"].to_pylist()
    }


def test_a_sum_that_is_too_large_is_a_fault_of_the_day():
    """It is never cut, and never negative."""
    most = {"num_sessions": 2**62}
    made = [record(actor={}, core_metrics=most) for _ in range(2)]

    with pytest.raises(ContractError, match="out of range"):
        fetched(made, Privacy(**SUMMED))


def test_a_day_from_the_first_with_people_on_keeps_them():
    """`people_from` is the first day that is not summed."""
    day = fetched([EXAMPLE], Privacy(people_from=DAY))

    assert ["dev@example.com"] == day.rows(REPORT)["actor__email_address"].to_pylist()
    assert date.fromisoformat("2025-09-01") == DAY
