"""The made-up organisation: reproducible, in the shape of the API's records."""

import datetime as dt
import json
import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from statistics import mean

import pytest

from anthropic_admin_api.fake.organisation import (
    ADOPTED,
    LOOP_DAY,
    OPTIONAL_FIELDS,
    ORGANIZATION_ID,
    PRICES,
    TOOLS,
    TURN,
    usage,
)

DAYS = [dt.date(2026, 6, 1) + dt.timedelta(n) for n in range(84)]
WORKING_DAYS = [day for day in DAYS if day.weekday() < 5]
RECORDS = [record for day in DAYS for record in usage(day)]
MODEL_ROWS = [row for record in RECORDS for row in record["model_breakdown"]]


def actor(record):
    return tuple(record["actor"].values())


@pytest.mark.process
@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_a_day_is_the_same_in_a_fresh_interpreter(hash_seed):
    """A day's records do not depend on hash seed, imports or earlier days."""
    program = (
        "import datetime, json\n"
        "from anthropic_admin_api.fake.organisation import usage\n"
        "print(json.dumps(usage(datetime.date(2026, 6, 2))))"
    )
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", program]

    reply = subprocess.run(command, env=env, check=True, capture_output=True).stdout

    assert json.dumps(usage(dt.date(2026, 6, 2))) == reply.decode().strip()


def test_no_two_working_days_are_alike():
    """The random seed includes the day."""
    bodies = {
        json.dumps([{**record, "date": ""} for record in usage(day)])
        for day in WORKING_DAYS
    }

    assert len(WORKING_DAYS) == len(bodies)


def test_a_caller_may_change_the_records_it_got():
    """Each call returns new records."""
    first, second = usage(DAYS[0]), usage(DAYS[0])
    first[0]["actor"].clear()
    first[0]["model_breakdown"].clear()
    first.pop()

    assert second == usage(DAYS[0])


def test_a_record_has_the_shape_of_the_api():
    """Every field of the contract is there, except sometimes an optional one."""
    whole = {
        "date",
        "actor",
        "organization_id",
        "customer_type",
        "subscription_type",
        "is_remote",
        "terminal_type",
        "core_metrics",
        "tool_actions",
        "model_breakdown",
    }
    missing = [whole - record.keys() for record in RECORDS]

    assert whole == set().union(*RECORDS)
    assert set(OPTIONAL_FIELDS) == set().union(*missing)
    assert {0, 1} == {len(fields) for fields in missing}
    assert sum(len(fields) for fields in missing) < len(DAYS) / 4


def test_a_record_is_of_its_day_and_organisation():
    """`date` is midnight UTC of the day asked for."""
    expected = {(f"{DAYS[1]}T00:00:00Z", ORGANIZATION_ID)}

    assert expected == {(r["date"], r["organization_id"]) for r in usage(DAYS[1])}


def test_people_and_keys_are_actors():
    """People have an email at example.com, programs have an API key."""
    actors = [dict(pairs) for pairs in {(*r["actor"].items(),) for r in RECORDS}]
    people = [actor for actor in actors if actor["type"] == "user_actor"]
    keys = [actor for actor in actors if actor["type"] == "api_actor"]

    assert len(actors) == len(people) + len(keys)
    assert 35 <= len(people) <= 46
    assert all(actor["email_address"].endswith("@example.com") for actor in people)
    assert 3 == len({actor["api_key_name"] for actor in keys})


def test_customer_type_does_not_tell_the_subscription():
    """Both customer types come with and without a kind of subscription."""
    pairs = {
        (record["customer_type"], record["subscription_type"])
        for record in RECORDS
        if "subscription_type" in record
    }

    expected = {
        ("subscription", "enterprise"),
        ("subscription", "team"),
        ("subscription", None),
        ("api", "enterprise"),
        ("api", None),
    }

    assert expected == pairs


def test_a_working_day_has_dozens_of_records():
    """The number varies within bounds."""
    counts = [len(usage(day)) for day in WORKING_DAYS]

    assert 40 <= mean(counts) <= 100
    assert min(counts) > 25
    assert max(counts) <= 100


def test_weekends_and_holidays_are_quiet():
    """A weekend has few records or none, and so has Christmas on a Friday."""
    weekends = [len(usage(day)) for day in DAYS if day.weekday() >= 5]

    assert max(weekends) < 12
    assert 0 in weekends
    assert len(usage(dt.date(2026, 12, 25))) < 12


def test_the_organisation_grows():
    """People join and use it more; before it was adopted there is nothing."""
    months = [
        sum(len(usage(start + dt.timedelta(n))) for n in range(28))
        for start in (dt.date(2026, 1, 5), dt.date(2026, 9, 7))
    ]

    assert [] == usage(ADOPTED - dt.timedelta(1))
    assert months[0] * 1.1 < months[1]


@pytest.mark.slow
def test_any_60_days_have_someone_new_and_someone_who_stopped():
    """The one began within four weeks, the other was last there before them."""
    first = dt.date(2026, 9, 1)
    days = [first + dt.timedelta(n) for n in range(59 + 4 * TURN)]
    people = [
        {
            actor(record)
            for record in usage(day)
            if record["actor"]["type"] != "api_actor"
        }
        for day in days
    ]

    for end in range(59, len(days)):
        before = set().union(*people[end - 59 : end - 27])
        lately = set().union(*people[end - 27 : end + 1])
        assert lately - before, days[end]
        assert before - lately, days[end]


def test_on_one_day_of_a_turn_someone_takes_many_times_more():
    """One record of it takes more tokens than any of another day."""
    most = {
        day: max((sum_of_tokens(record) for record in usage(day)), default=0)
        for day in DAYS
    }
    loops = {day for day in DAYS if (day - ADOPTED).days % TURN == LOOP_DAY}

    assert 4 == len(loops)
    assert loops == set(sorted(DAYS, key=most.__getitem__)[-4:])


def sum_of_tokens(record):
    return sum(sum(row["tokens"].values()) for row in record["model_breakdown"])


def test_leave_is_taken_by_the_week():
    """Someone who works most days is now and then away from Monday to Friday."""
    name = ("user_actor", "carl.jensen@example.com")
    weeks = Counter(
        day.isocalendar().week
        for day in WORKING_DAYS
        if name in {actor(record) for record in usage(day)}
    )

    assert min(weeks.values()) >= 3
    assert len(weeks) < len(DAYS) / 7


def test_an_actor_has_several_records_on_one_day():
    """One for each terminal, and one for remote use: no duplicates."""
    records = usage(WORKING_DAYS[0])
    grains = {(*actor(r), r.get("terminal_type"), r.get("is_remote")) for r in records}
    remote = {actor(record) for record in records if record.get("is_remote")}
    local = {actor(record) for record in records if record.get("is_remote") is False}

    assert len(records) == len(grains)
    assert len({actor(record) for record in records}) < len(records)
    assert remote & local


def test_some_are_active_without_a_model():
    """An empty model_breakdown comes with sessions: activity without cost."""
    idle = [record for record in RECORDS if not record["model_breakdown"]]

    assert 0.02 < len(idle) / len(RECORDS) < 0.1
    assert all(record["core_metrics"]["num_sessions"] for record in idle)


def test_acceptance_is_plausible_and_differs_between_tools():
    """All four tools are accepted and rejected, at different rates."""
    rates = {}
    for tool in TOOLS:
        accepted = sum(record["tool_actions"][tool]["accepted"] for record in RECORDS)
        rejected = sum(record["tool_actions"][tool]["rejected"] for record in RECORDS)
        rates[tool] = accepted / (accepted + rejected)

    order = ["write_tool", "edit_tool", "multi_edit_tool", "notebook_edit_tool"]

    assert order == sorted(rates, key=rates.__getitem__, reverse=True)
    assert all(0.5 < rate < 0.95 for rate in rates.values())


def test_an_amount_is_exactly_its_tokens_times_their_prices():
    """The cents written as JSON are the exact product, to the last digit."""
    amounts = json.loads(
        json.dumps([row["estimated_cost"]["amount"] for row in MODEL_ROWS]),
        parse_float=Decimal,
    )
    expected = [
        sum(
            tokens * Decimal(PRICES[row["model"]][kind]) / 1_000_000
            for kind, tokens in row["tokens"].items()
        )
        for row in MODEL_ROWS
    ]

    assert expected == amounts


def test_amounts_are_sometimes_whole_cents():
    """The JSON has integers and fractions."""
    amounts = [row["estimated_cost"]["amount"] for row in MODEL_ROWS]

    assert {int, float} == {type(amount) for amount in amounts}
    assert "e" not in json.dumps(amounts).lower()


def test_all_models_are_used():
    """Every model with a price occurs."""
    assert set(PRICES) == {row["model"] for row in MODEL_ROWS}
