"""The bill and the tokens by day: a month in one call, each day whole or not at all."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import httpx
import pytest

from anthropic_usage_and_cost import (
    COST_REPORT,
    MESSAGES_USAGE,
    SHAPES,
    restated_for_a_month,
)
from anthropic_usage_and_cost.client import BucketClient
from anthropic_usage_and_cost.report import COST_SHAPE
from api import refusal, settings
from claude_code_analytics import CredentialsError
from whole_days.calendar import ONE_DAY, each_day
from whole_days.fetch import fetch

DAYS = list(each_day(date(2026, 9, 1), date(2026, 10, 15)))
BILLED = json.loads("""
{"amount": "123.78912", "context_window": "0-200k", "cost_type": "tokens",
 "currency": "USD", "description": "Claude Sonnet 4 Usage - Input Tokens",
 "inference_geo": "global", "model": "claude-opus-4-6", "service_tier": "standard",
 "token_type": "uncached_input_tokens",
 "workspace_id": "wrkspc_01JwQvzr7rXLA5AGx3HKfFUJ"}
""")
COUNTED = json.loads("""
{"account_id": null, "api_key_id": "apikey_1",
 "cache_creation": {"ephemeral_1h_input_tokens": 1000,
                    "ephemeral_5m_input_tokens": 500},
 "cache_read_input_tokens": 200, "context_window": "0-200k", "inference_geo": "global",
 "model": "claude-opus-4-6", "output_tokens": 500,
 "server_tool_use": {"web_search_requests": 10}, "service_account_id": null,
 "service_tier": "standard", "uncached_input_tokens": 1500, "workspace_id": null}
""")


def bucket(day, *results):
    """A day as the API gives it."""
    begins, ends = f"{day}T00:00:00Z", f"{day + ONE_DAY}T00:00:00Z"
    return {"starting_at": begins, "ending_at": ends, "results": results}


def page(*buckets, next_page=None, **beside):
    """A reply."""
    more = {"has_more": next_page is not None, "next_page": next_page}
    return {"status_code": 200, "json": {"data": buckets, **more, **beside}}


class Api:
    """A server: `answer` is given the days of a call and its number; `calls` counts."""

    def __init__(self, answer=None):
        self.calls, self.answer = [], answer or self.whole

    def __call__(self, request):
        if request.url.path == "/v1/organizations/me":
            return httpx.Response(200, json={"id": "org-1", "type": "organization"})
        self.calls.append(request)
        return httpx.Response(**self.answer(asked(request), len(self.calls)))

    @staticmethod
    def whole(days, _):
        """One result a day."""
        return page(*(bucket(day, BILLED) for day in days))


def asked(request):
    """The days of a call."""
    first, end = (
        datetime.fromisoformat(request.url.params[name]).date()
        for name in ("starting_at", "ending_at")
    )
    return list(each_day(first, end - ONE_DAY))


def fetched(api, *days, report=COST_REPORT, **given):
    """The outcome of each day when `api` is the server."""
    client = partial(
        BucketClient, shape=SHAPES[report.name], transport=httpx.MockTransport(api)
    )
    resolved = restated_for_a_month(settings(**given))
    return list(fetch(replace(report, open=client), days or DAYS[:3], resolved))


def failures(outcomes):
    """The failed days, with their reasons."""
    return {outcome.day: outcome.error for outcome in outcomes if outcome.error}


def rows(outcome, report=COST_REPORT):
    """The rows of a fetched day."""
    return outcome.content.rows(report.tables[0].name).to_pylist()


# calls


@pytest.mark.parametrize(
    ("report", "path", "groups"),
    [
        (COST_REPORT, "cost_report", ["workspace_id", "description"]),
        (
            MESSAGES_USAGE,
            "usage_report/messages",
            [
                *("api_key_id", "workspace_id", "model"),
                *("service_tier", "context_window", "inference_geo"),
            ],
        ),
    ],
)
def test_a_call_asks_for_a_month_of_days_grouped(report, path, groups):
    """45 days in two calls; the end of a range is the day after it."""
    api = Api()
    outcomes = fetched(api, *DAYS, report=report)
    first, second = api.calls

    assert DAYS == [outcome.day for outcome in outcomes]
    assert {} == failures(outcomes)
    assert f"/v1/organizations/{path}" == first.url.path
    assert {
        "starting_at": "2026-09-01T00:00:00Z",
        "ending_at": "2026-10-02T00:00:00Z",
        "bucket_width": "1d",
        "limit": "31",
        "group_by[]": groups[0],
    } == dict(first.url.params)
    assert groups == first.url.params.get_list("group_by[]")
    assert DAYS[31:] == asked(second)


def test_days_with_gaps_are_asked_for_in_ranges():
    """Days that nobody wants are not asked for."""
    api = Api()
    fetched(api, DAYS[0], DAYS[1], DAYS[5])

    assert [DAYS[:2], [DAYS[5]]] == [asked(call) for call in api.calls]


def test_a_fetch_began_before_its_call():
    """So a day that ended during the call is not taken for complete."""
    now = [datetime(2026, 9, 2, tzinfo=UTC)]

    def slow(days, _):
        now[0] += timedelta(hours=5)
        return Api.whole(days, _)

    client = partial(
        BucketClient, shape=COST_SHAPE, transport=httpx.MockTransport(Api(slow))
    )
    report = replace(COST_REPORT, open=client)
    days = fetch(report, DAYS[:2], settings(), lambda: now[0])

    assert {datetime(2026, 9, 2, tzinfo=UTC)} == {
        outcome.fetched_at for outcome in days
    }


def test_pages_of_a_call_are_followed():
    """The days of all pages count."""
    api = Api(
        lambda days, call: (
            page(bucket(days[0], BILLED), next_page="page_2")
            if call == 1
            else page(*(bucket(day) for day in days[1:]))
        )
    )
    outcomes = fetched(api)

    assert [1, 0, 0] == [outcome.records for outcome in outcomes]
    assert [None, "page_2"] == [call.url.params.get("page") for call in api.calls]


def test_a_stale_cursor_begins_the_call_again():
    """What the first pages gave is discarded."""
    steps = iter(
        [
            page(bucket(DAYS[0], BILLED), next_page="page_2"),
            refusal(410, "the page has expired"),
            page(*(bucket(day) for day in DAYS[:3])),
        ]
    )
    outcomes = fetched(Api(lambda *_: next(steps)))

    assert [0, 0, 0] == [outcome.records for outcome in outcomes]


# rows


def test_the_bill_is_stored_to_the_last_digit():
    """Cents come as text, and stay what they are."""
    (outcome,) = fetched(Api(), DAYS[0])
    (row,) = rows(outcome)

    assert Decimal("123.78912") == row.pop("amount")
    assert row.pop("_dlt_id")
    expected = {name: value for name, value in BILLED.items() if name != "amount"}
    assert {
        "account": "default",
        "date": DAYS[0],
        "organization_id": "org-1",
        "unknown_fields": None,
        **expected,
    } == row
    assert {"org-1"} == outcome.organizations


def test_the_tokens_are_stored():
    """Nested counts have the path as their name."""
    api = Api(lambda days, _: page(*(bucket(day, COUNTED) for day in days)))
    (outcome,) = fetched(api, DAYS[0], report=MESSAGES_USAGE)
    (row,) = rows(outcome, MESSAGES_USAGE)

    assert {
        "uncached_input_tokens": 1500,
        "cache_read_input_tokens": 200,
        "cache_creation__ephemeral_5m_input_tokens": 500,
        "cache_creation__ephemeral_1h_input_tokens": 1000,
        "output_tokens": 500,
        "server_tool_use__web_search_requests": 10,
    } == {name: value for name, value in row.items() if isinstance(value, int)}
    assert None is row["unknown_fields"]


def test_equal_results_are_kept():
    """Both have an id, which is the same in every fetch."""
    api = Api(lambda days, _: page(bucket(days[0], BILLED, BILLED)))
    first, second = (rows(*fetched(api, DAYS[0])) for _ in range(2))

    assert 2 == len({row["_dlt_id"] for row in first})
    assert first == second


def test_an_amount_is_the_same_however_it_is_written():
    """Zeros at its end change neither the id nor the hash of the day."""
    told = [BILLED | {"amount": text} for text in ("1.50", "1.5")]
    days = [
        fetched(Api(lambda days, _, one=one: page(bucket(days[0], one))), DAYS[0])
        for one in told
    ]
    (one,), (other,) = days

    assert one.content.content_hash == other.content.content_hash


def test_what_the_contract_does_not_know_is_kept_and_named():
    """Beside the known fields, and beside the buckets; null is no news."""
    new = BILLED | {"product": "claude_code", "seat": {"kind": "x"}, "account_id": None}
    api = Api(lambda days, _: page(bucket(days[0], new), watermark="w"))
    (outcome,) = fetched(api, DAYS[0])
    (row,) = rows(outcome)

    assert {"product": "claude_code", "seat.kind": "x"} == json.loads(
        row["unknown_fields"]
    )
    assert ["product", "reply.watermark", "seat.kind"] == sorted(
        seen.name for seen in outcome.content.summary.drift
    )


# faults


@pytest.mark.parametrize(
    "result",
    [
        BILLED | {"amount": "12,5"},
        BILLED | {"amount": "NaN"},
        BILLED | {"amount": "0." + 25 * "1"},
        BILLED | {"amount": None},
        BILLED | {"amount": 12.5},
        {name: value for name, value in BILLED.items() if name != "amount"},
        BILLED | {"model": 7},
    ],
)
def test_a_day_that_cannot_be_stored_exactly_fails_alone(result):
    """The other days of the call are stored."""
    api = Api(
        lambda days, _: page(
            *(bucket(day, result if day == DAYS[1] else BILLED) for day in days)
        )
    )
    outcomes = fetched(api)

    assert [DAYS[1]] == list(failures(outcomes))
    assert 1 == len(api.calls)


def test_a_day_without_a_bucket_is_not_an_empty_day():
    """The API gives a bucket for each day."""
    api = Api(lambda days, _: page(*(bucket(day) for day in days if day != DAYS[1])))

    assert {DAYS[1]: "the reply holds no bucket of 2026-09-02"} == failures(
        fetched(api)
    )


UNREADABLE = {
    "twice": lambda days: page(*(bucket(day) for day in [*days, days[0]])),
    "another day": lambda days: page(*(bucket(day + 9 * ONE_DAY) for day in days)),
    "half a day": lambda days: page(
        bucket(days[0]) | {"ending_at": f"{days[0]}T12:00:00Z"}
    ),
    "no list": lambda _: {"status_code": 200, "json": {"has_more": False}},
    "no cursor": lambda days: {
        "status_code": 200,
        "json": {"data": [bucket(day) for day in days], "has_more": True},
    },
    "too early": lambda _: refusal(400, "starting_at: too early"),
}


@pytest.mark.parametrize("fault", UNREADABLE)
def test_a_reply_that_cannot_be_read_is_asked_for_day_by_day(fault):
    """So one day that cannot be had costs no other one."""
    api = Api(
        lambda days, _: (
            UNREADABLE[fault](days) if DAYS[1] in days else Api.whole(days, _)
        )
    )
    outcomes = fetched(api)

    assert [DAYS[1]] == list(failures(outcomes))
    assert [DAYS[:3], *([day] for day in DAYS[:3])] == [asked(c) for c in api.calls]


def test_a_service_that_does_not_answer_is_not_asked_day_by_day():
    """No call would succeed for fewer days."""
    api = Api(lambda *_: refusal(529, "Overloaded"))
    outcomes = fetched(api, max_wait=0.05)

    assert DAYS[:3] == list(failures(outcomes))
    assert {tuple(DAYS[:3])} == {tuple(asked(call)) for call in api.calls}


def test_a_key_that_may_not_read_the_report_ends_the_run():
    """The API's message says why."""
    with pytest.raises(CredentialsError, match="403 an_error: not for you"):
        fetched(Api(lambda *_: refusal(403, "not for you")))


def test_no_organisation_is_no_day():
    """Whose days they are has to be known."""

    def nameless(request):
        return httpx.Response(200, json={"type": "organization"})

    assert set(DAYS[:3]) == failures(fetched(nameless)).keys()
