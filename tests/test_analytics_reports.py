"""Cost and tokens by actor, in rows: whole days from pages that mix them."""

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from functools import partial

import httpx
import pytest

from anthropic_usage_and_cost import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    first_day,
    private_report,
)
from api import refusal, settings
from test_usage_and_cost import Api, asked, failures, fetched, rows
from whole_days.calendar import ONE_DAY, each_day
from whole_days.fetch import fetch
from whole_days.privacy import Privacy

DAYS = list(each_day(date(2026, 9, 1), date(2026, 9, 3)))
PERSON = {
    "type": "user_actor",
    "user_id": "user_1",
    "email_address": "ada@example.com",
    "name": "Ada",
    "deleted": False,
}
BILLED = json.loads("""
{"group": {"actor": null, "agent_id": null, "api_key_id": "apikey_1",
           "context_window": null, "cost_type": "tokens", "model": "claude-sonnet-5",
           "product": "claude_code", "token_type": "output_tokens",
           "workspace_id": "wrkspc_1"},
 "cost": {"amount": "123.78912", "list_amount": "154.7364", "currency": "USD",
          "requests": null}}
""")
COUNTED = json.loads("""
{"group": {"actor": null, "api_key_id": "apikey_1", "model": "claude-sonnet-5",
           "product": null, "workspace_id": null},
 "usage": {"total_tokens": 3700, "uncached_input_tokens": 1500,
           "cache_read_input_tokens": 200,
           "cache_creation": {"ephemeral_1h_input_tokens": 1000,
                              "ephemeral_5m_input_tokens": 500},
           "output_tokens": 500, "server_tool_use": {"web_search_requests": 10},
           "requests": 7}}
""")
cost = partial(fetched, report=ANALYTICS_COST)


def row(day, told=BILLED, *, cost=None, **group):
    """A row of a day as the API gives it, with some of its group changed."""
    changed = {"group": told["group"] | group, **({"cost": cost} if cost else {})}
    times = {
        "starting_at": f"{day}T00:00:00Z",
        "ending_at": f"{day + ONE_DAY}T00:00:00Z",
    }
    return times | told | changed


def page(*found, next_page=None, **beside):
    """A reply."""
    more = {"has_more": next_page is not None, "next_page": next_page}
    return {"status_code": 200, "json": {"data": found, **more, **beside}}


def api_of(*replies):
    """A server that gives these replies, one after the other."""
    steps = iter(replies)
    return Api(lambda *_: next(steps))


def test_a_call_asks_for_days_by_actor_in_beta():
    """The parameter of the width has another name than in the older reports."""
    api = api_of(page())
    assert {} == failures(cost(api, *DAYS))
    (call,) = api.calls

    assert "/v1/organizations/analytics/cost" == call.url.path
    assert "analytics-usage-cost-2026-08-24" == call.headers["anthropic-beta"]
    assert {
        "starting_at": "2026-09-01T00:00:00Z",
        "ending_at": "2026-09-04T00:00:00Z",
        "time_bucket_width": "1d",
        "limit": "1000",
        "group_by[]": "actor",
    } == dict(call.url.params)
    assert [
        *("actor", "api_key_id", "model", "product", "workspace_id"),
        *("cost_type", "token_type"),
    ] == call.url.params.get_list("group_by[]")


def test_the_rows_of_a_day_lie_across_pages():
    """Every one of them is stored with its day; the middle day is empty."""
    api = api_of(
        page(row(DAYS[2]), row(DAYS[0]), next_page="page_2"),
        page(row(DAYS[0], model="claude-opus-5"), row(DAYS[2], model=None)),
    )
    outcomes = cost(api, *DAYS)

    assert [2, 0, 2] == [outcome.records for outcome in outcomes]
    assert {} == failures(outcomes)
    assert [None, "page_2"] == [call.url.params.get("page") for call in api.calls]


def test_a_stale_cursor_begins_the_call_again():
    """What the first pages gave is discarded."""
    api = api_of(
        page(row(DAYS[0]), next_page="page_2"),
        refusal(410, "the data was refreshed"),
        page(row(DAYS[0])),
    )

    assert [1, 0, 0] == [outcome.records for outcome in cost(api, *DAYS)]


def test_the_bill_is_stored_to_the_last_digit():
    """A column has the name of its field in the group or in the cost."""
    (outcome,) = cost(api_of(page(row(DAYS[0]))), DAYS[0])
    (stored,) = rows(outcome, ANALYTICS_COST)

    assert {
        "date": DAYS[0],
        "organization_id": "org-1",
        "actor__type": None,
        "api_key_id": "apikey_1",
        "workspace_id": "wrkspc_1",
        "product": "claude_code",
        "model": "claude-sonnet-5",
        "cost_type": "tokens",
        "token_type": "output_tokens",
        "currency": "USD",
        "amount": Decimal("123.78912"),
        "list_amount": Decimal("154.7364"),
        "requests": None,
        "unknown_fields": None,
    }.items() <= stored.items()
    assert [] == outcome.content.summary.drift


def test_the_tokens_are_stored():
    """Each kind apart, and all together."""
    api = api_of(page(row(DAYS[0], COUNTED)))
    (outcome,) = fetched(api, DAYS[0], report=ANALYTICS_USAGE)
    (stored,) = rows(outcome, ANALYTICS_USAGE)

    assert {
        "total_tokens": 3700,
        "uncached_input_tokens": 1500,
        "cache_read_input_tokens": 200,
        "cache_creation__ephemeral_5m_input_tokens": 500,
        "cache_creation__ephemeral_1h_input_tokens": 1000,
        "output_tokens": 500,
        "server_tool_use__web_search_requests": 10,
        "requests": 7,
    } == {name: value for name, value in stored.items() if isinstance(value, int)}
    assert None is stored["unknown_fields"]


@pytest.mark.parametrize(
    ("actor", "stored"),
    [
        (None, {}),
        (PERSON, {"type": "user_actor", "user_id": "user_1"}),
        (
            {"type": "service_account_actor", "service_account_id": "svac_1"},
            {"type": "service_account_actor", "service_account_id": "svac_1"},
        ),
        ({"type": "federated_actor"}, {"type": "federated_actor"}),
        (
            {"type": "api_actor", "api_key_id": "apikey_1"},
            {"type": "api_actor", "api_key_id": "apikey_1"},
        ),
    ],
)
def test_an_actor_of_each_kind_is_stored_by_its_id(actor, stored):
    """No email and no name of a person is: the directory has them, by the id."""
    (outcome,) = cost(api_of(page(row(DAYS[0], actor=actor))), DAYS[0])
    (found,) = rows(outcome, ANALYTICS_COST)

    assert {f"actor__{name}": value for name, value in stored.items()} == {
        name: value for name, value in found.items() if "actor" in name and value
    }
    assert None is found["unknown_fields"]
    assert [] == outcome.content.summary.drift


def test_what_the_contract_does_not_know_is_kept_and_named():
    """By its path, in the row and beside the rows; null is no news."""
    new = row(DAYS[0], speed="fast") | {"tier": {"kind": "x"}, "note": None}
    (outcome,) = cost(api_of(page(new, watermark="w")), DAYS[0])
    (stored,) = rows(outcome, ANALYTICS_COST)

    assert {"group.speed": "fast", "tier.kind": "x"} == json.loads(
        stored["unknown_fields"]
    )
    assert ["group.speed", "reply.watermark", "tier.kind"] == sorted(
        seen.name for seen in outcome.content.summary.drift
    )


def test_under_privacy_what_is_not_known_is_named_without_its_value():
    """It may tell of a person."""
    report = private_report(ANALYTICS_COST, Privacy(secret=40 * "s"))
    api = api_of(page(row(DAYS[0], actor=PERSON | {"alias": "ada"})))
    opened = partial(report.open, transport=httpx.MockTransport(api))
    (outcome,) = fetch(replace(report, open=opened), DAYS[:1], settings())
    (stored,) = rows(outcome, ANALYTICS_COST)

    assert {"group.actor.alias": None} == json.loads(stored["unknown_fields"])
    assert "ada" not in str(stored).lower()


# faults


def test_a_day_without_rows_is_missing_where_the_data_ends():
    """If the reply says until when there is data; without that word it is empty."""
    until = f"{DAYS[2]}T08:00:00Z"
    outcomes = cost(api_of(page(row(DAYS[0]), data_refreshed_at=until)), *DAYS)

    assert {
        DAYS[2]: "the reply holds no row of 2026-09-03, and the API has data until "
        "2026-09-03 08:00 UTC only"
    } == failures(outcomes)


def test_a_group_that_comes_twice_fails_its_day_alone():
    """Its cost would count twice. Federated actors cannot be told apart."""
    federated = row(DAYS[1], actor={"type": "federated_actor"})
    twice = [row(DAYS[0], cost=BILLED["cost"] | {"amount": n}) for n in ("1", "2")]
    outcomes = cost(api_of(page(*twice, federated, federated)), *DAYS)

    assert {DAYS[0]: "the reply holds a group of 2026-09-01 twice"} == failures(
        outcomes
    )
    assert [0, 2, 0] == [outcome.records for outcome in outcomes]


UNREADABLE = {
    "another day": lambda day: page(row(day + 9 * ONE_DAY)),
    "half a day": lambda day: page(row(day) | {"ending_at": f"{day}T12:00:00Z"}),
    "no list": lambda _: {"status_code": 200, "json": {"has_more": False}},
    "no cursor": lambda day: {
        "status_code": 200,
        "json": {"data": [row(day)], "has_more": True},
    },
    "no group": lambda day: page(row(day) | {"group": None}),
    "no cost": lambda day: page({k: v for k, v in row(day).items() if k != "cost"}),
    "no time": lambda day: page(row(day), data_refreshed_at="soon"),
    "a name twice": lambda day: page(row(day) | {"model": "another"}),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_reply_that_cannot_be_read_is_asked_for_day_by_day(fault):
    """So one day that cannot be had costs no other one."""
    api = Api(lambda days, _: UNREADABLE[fault](DAYS[1]) if DAYS[1] in days else page())
    outcomes = cost(api, *DAYS)

    assert [DAYS[1]] == list(failures(outcomes))
    assert [DAYS, *([day] for day in DAYS)] == [asked(call) for call in api.calls]


@pytest.mark.parametrize("amount", ["12,5", "NaN", "0." + 25 * "1", None, 12.5])
def test_a_day_that_cannot_be_stored_exactly_fails_alone(amount):
    """The other days of the call are stored."""
    api = api_of(
        page(row(DAYS[0]), row(DAYS[1], cost=BILLED["cost"] | {"amount": amount}))
    )

    assert [DAYS[1]] == list(failures(cost(api, *DAYS)))


@pytest.mark.parametrize(
    ("today", "first"),
    [
        (date(2026, 11, 26), date(2026, 1, 1)),
        (date(2027, 3, 1), date(2027, 3, 1) - timedelta(364)),
    ],
)
def test_the_api_has_a_year_and_nothing_before_2026(today, first):
    """A day that began 365 days ago is longer ago than that by now."""
    assert first == first_day(today)
