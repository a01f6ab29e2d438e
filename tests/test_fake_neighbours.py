"""The fake's bill agrees with its estimate but for what is named."""

import datetime as dt
from collections import Counter
from decimal import Decimal

import httpx
import pytest

from anthropic_admin_api.fake import DEMO_API_KEY, FakeApi, organisation
from anthropic_admin_api.fake.bill import DISCOUNTS, KINDS, LATE, LATE_PART
from anthropic_admin_api.fake.directory import CI, CLAUDE_CODE, PRODUCT
from anthropic_admin_api.fake.prices import MICROCENTS, PRICES

NOW = dt.datetime(2026, 11, 26, 12, tzinfo=dt.UTC)  # a Thursday
TODAY = NOW.date()
DAYS = [TODAY - dt.timedelta(n) for n in range(1, 22)]
MONDAYS = [day for day in DAYS if day.weekday() == 0]
HEADERS = {"x-api-key": DEMO_API_KEY, "anthropic-version": "2023-06-01"}
ROOT = "/v1/organizations"


@pytest.fixture(scope="module")
def api():
    with FakeApi(now=lambda: NOW) as api:
        yield api


@pytest.fixture(scope="module")
def client(api):
    with httpx.Client(base_url=api.url, headers=HEADERS, timeout=20) as client:
        yield client


def listed(client, path, **params):
    """The elements of all pages of a list."""
    found, more = [], {}
    while True:
        reply = client.get(f"{ROOT}/{path}", params={**params, **more}).json()
        found += reply["data"]
        if not reply["has_more"]:
            return found
        more = {"after_id": reply["last_id"]}


def reported(client, path, groups, start, end):
    """The results of some days, by day, from all pages."""
    params = {"starting_at": f"{start}T00:00:00Z", "ending_at": f"{end}T00:00:00Z"}
    found, more = {}, {}
    while True:
        asked = {**params, **more, "group_by[]": groups}
        reply = client.get(f"{ROOT}/{path}", params=asked).json()
        found |= {one["starting_at"][:10]: one["results"] for one in reply["data"]}
        if not reply["has_more"]:
            return found
        more = {"page": reply["next_page"]}


def estimates(day):
    """The estimated cents of what is billed by the token, by model."""
    found = Counter()
    for record in organisation.usage(day):
        if record["customer_type"] == "api":
            for entry in record["model_breakdown"]:
                found[entry["model"]] += Decimal(str(entry["estimated_cost"]["amount"]))
    return found


def at_list_price(result):
    """The cents of a result without its discount."""
    return Decimal(result["amount"]) / DISCOUNTS.get(result["model"], 1)


def priority(api, day):
    """The cents at list price of the tokens of the Priority Tier, by model."""
    found = Counter()
    for one in api.neighbours.messages(day, TODAY):
        if one["service_tier"] == "priority":
            found[one["model"]] += sum(
                Decimal(number * PRICES[one["model"]][kind]) / MICROCENTS
                for kind, number in tokens(one).items()
            )
    return found


def tokens(result):
    """The tokens by the names of the estimate."""
    flat = result | {
        f"cache_creation.{name}": number
        for name, number in result["cache_creation"].items()
    }
    return {kind: flat[name] for kind, (name, _) in KINDS.items()}


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_bill_is_the_estimate_but_for_named_differences(api, day):
    """Discount, Priority Tier and other programs; after some days nothing is late."""
    found = priority(api, day)
    for one in api.neighbours.costs(day, dt.date.max):
        if one["cost_type"] == "tokens" and one["workspace_id"] != PRODUCT:
            found[one["model"]] += at_list_price(one)

    assert estimates(day) == +found


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_the_cost_by_actor_is_the_bill(api, day):
    """By workspace, model and kind of tokens, also while a part of it is late."""

    def by_item(told):
        found = Counter()
        for one, amount in told:
            key = one["workspace_id"], one["model"], one["token_type"]
            found[key] += Decimal(amount)
        return found

    rows = api.neighbours.analytics_cost(day, TODAY)

    assert by_item(
        (one, one["amount"]) for one in api.neighbours.costs(day, TODAY)
    ) == by_item((row["group"], row["cost"]["amount"]) for row in rows)


def test_the_tokens_by_actor_are_those_of_the_messages(api):
    """In total, by day."""
    for day in DAYS[:7]:
        told = api.neighbours.messages(day, TODAY)
        rows = api.neighbours.analytics_usage(day, TODAY)

        assert sum(sum(tokens(one).values()) for one in told) == sum(
            row["usage"]["total_tokens"] for row in rows
        )


def test_a_cost_is_a_persons_a_service_accounts_a_keys_or_nobodys(api):
    """A working day has them all; none has an actor whom its key does not tell."""
    rows = [row for day in DAYS for row in api.neighbours.analytics_cost(day, TODAY)]
    actors = [row["group"]["actor"] for row in rows]

    assert {None, "user_actor", "service_account_actor", "api_actor"} == {
        actor and actor["type"] for actor in actors
    }


def test_the_tokens_agree_before_money_does(api):
    """The messages report has those of the estimate, and of the product."""
    day = MONDAYS[0]
    counted = Counter()
    for one in api.neighbours.messages(day, TODAY):
        if one["workspace_id"] != PRODUCT:
            counted.update(tokens(one))
    used = Counter()
    for record in organisation.usage(day):
        if record["customer_type"] == "api":
            for entry in record["model_breakdown"]:
                used.update(entry["tokens"])

    assert used == counted


def test_every_named_difference_is_there(api):
    """In three weeks each of them occurs."""
    results = [one for day in DAYS for one in api.neighbours.costs(day, TODAY)]

    assert {"tokens", "web_search", "code_execution"} == {
        one["cost_type"] for one in results
    }
    assert set(DISCOUNTS) <= {one["model"] for one in results}
    assert {CLAUDE_CODE, CI, PRODUCT, None} == {one["workspace_id"] for one in results}
    assert all(priority(api, day) for day in MONDAYS)


def test_a_thursdays_bill_is_late(api):
    """For some days it has a part only of one item."""
    thursday = dt.date(2026, 11, 19)
    early, late = (
        sum(
            Decimal(one["amount"])
            for one in api.neighbours.costs(thursday, thursday + dt.timedelta(days))
            if (one["model"], one["token_type"]) == LATE
        )
        for days in (1, 4)
    )

    assert early == late * LATE_PART


def test_days_come_in_buckets_the_empty_ones_too(client):
    """Seven at once unless told, and none after today."""
    found = reported(client, "cost_report", [], TODAY - dt.timedelta(9), "2027-01-01")

    assert [str(TODAY - dt.timedelta(n)) for n in range(9, -1, -1)] == [*found]


def test_what_is_not_grouped_is_one_sum(client):
    """Its fields are null."""
    start, end = DAYS[3], DAYS[2]
    (one,) = reported(client, "cost_report", [], start, end).values()
    (all_of_it,) = one
    (parts,) = reported(
        client, "cost_report", ["workspace_id", "description"], start, end
    ).values()

    assert {"USD"} == {
        value for name, value in all_of_it.items() if value and name != "amount"
    }
    assert Decimal(all_of_it["amount"]) == sum(Decimal(p["amount"]) for p in parts)


@pytest.mark.parametrize(
    ("path", "params"),
    [
        ("cost_report", {"group_by[]": "api_key_id"}),
        ("cost_report", {"limit": "32"}),
        ("usage_report/messages", {"page": "page_x"}),
        ("analytics/cost", {"time_bucket_width": "1d"}),
        ("users", {"limit": "1001"}),
        ("users", {"after_id": "nobody"}),
    ],
)
def test_a_wrong_query_is_refused(client, path, params):
    """With 400, as by the API."""
    given = {"starting_at": f"{TODAY}T00:00:00Z"} | params

    assert 400 == client.get(f"{ROOT}/{path}", params=given).status_code


def test_lists_come_in_pages(client):
    """Following the ids gives every user once."""
    users = listed(client, "users", limit=7)

    assert len(users) == len({user["id"] for user in users})
    assert users == listed(client, "users")


def test_a_removed_user_is_gone_and_the_key_archived(client):
    """The key still says whose it was."""
    there = {user["id"] for user in listed(client, "users")}
    keys = [
        key
        for key in listed(client, "api_keys", status="archived")
        if key["workspace_id"] == CLAUDE_CODE
    ]

    assert keys
    assert there.isdisjoint(key["created_by"]["id"] for key in keys)


def test_keys_are_of_every_kind(client):
    """A shared name, a service account's, and one that nobody is known to have made."""
    keys = listed(client, "api_keys")
    names = Counter(key["name"] for key in keys if key["status"] == "active")

    assert {"nightly-refactor": 2} == {n: c for n, c in names.items() if c > 1}
    assert ["docs-bot"] == [
        key["name"]
        for key in keys
        if (key["principal"] or {}).get("type") == "service_account"
    ]
    assert ["legacy-etl"] == [key["name"] for key in keys if not key["created_by"]]
    assert {"active", "inactive", "archived", "expired"} == {
        key["status"] for key in keys
    }


def test_archived_workspaces_are_told_when_asked_for(client):
    """Their members too."""
    some, every = (
        listed(client, "workspaces"),
        listed(client, "workspaces", include_archived="true"),
    )

    assert ["Sandbox"] == [one["name"] for one in every if one not in some]
    assert listed(client, f"workspaces/{CI}/members")
