"""Shared by the tests of the source: the documented record, replies, and servers."""

import copy
import json
from dataclasses import replace
from datetime import date
from functools import partial

import httpx

from claude_code_analytics import CLAUDE_CODE, resolve_settings
from claude_code_analytics.client import UsageClient
from claude_code_analytics.reply import PageReader
from claude_code_analytics.tables import usage_day
from whole_days.clock import utc_now
from whole_days.fetch import fetch as fetch_report

KEY = "sk-ant-admin01-Abc_123"
DAY = date(2025, 9, 1)

EXAMPLE = json.loads("""
{"date": "2025-09-01T00:00:00Z",
 "actor": {"type": "user_actor", "email_address": "dev@example.com"},
 "organization_id": "dc9f6c26-b22c-4831-8d01-0446bada88f1",
 "customer_type": "api", "subscription_type": null,
 "is_remote": false, "terminal_type": "vscode",
 "core_metrics": {"num_sessions": 5,
                  "lines_of_code": {"added": 1543, "removed": 892},
                  "commits_by_claude_code": 12, "pull_requests_by_claude_code": 2},
 "tool_actions": {"edit_tool": {"accepted": 45, "rejected": 5},
                  "multi_edit_tool": {"accepted": 12, "rejected": 2},
                  "write_tool": {"accepted": 8, "rejected": 1},
                  "notebook_edit_tool": {"accepted": 3, "rejected": 0}},
 "model_breakdown": [{"model": "claude-sonnet-4-5-20250929",
                      "tokens": {"input": 100000, "output": 35000,
                                 "cache_read": 10000, "cache_creation": 5000},
                      "estimated_cost": {"currency": "USD", "amount": 1025}}]}
""")
REPORT, MODELS, TOOLS = (
    "usage_report",
    "usage_report__model_breakdown",
    "usage_report__tool_actions",
)


def record(*without, **fields):
    """The contract's example, without some fields and with others."""
    made = copy.deepcopy(EXAMPLE) | fields
    return {name: value for name, value in made.items() if name not in without}


def reply(*records, next_page=None):
    """The bytes of one page."""
    more = {"has_more": next_page is not None, "next_page": next_page}
    return json.dumps({"data": records, **more}).encode()


def tables(*bodies, reader=None, account="default", day=DAY):
    """The day's tables from the bytes of its pages."""
    reader = reader or PageReader()
    return usage_day([reader.read(body) for body in bodies], account, day)


def rows(*records, table=REPORT):
    """The rows of a table that one page with these records makes."""
    return tables(reply(*records)).rows(table).to_pylist()


def all_rows(day):
    """A day's rows, by table."""
    return {table: day.rows(table) for table in day.counts}


def sums(day):
    """What the ledger keeps of a day's records."""
    (row,) = day.notes["day_fetches__claude_code"]
    return row


def rows_of(package):
    """The rows that a package hands over, by table."""
    return {
        name: [row for part in package.chunks(table) for row in part.to_pylist()]
        for name, table in package.report.all_tables.items()
    }


def page(*records, next_page=None):
    """A step of a `Script`: one page."""
    return {"status_code": 200, "content": reply(*records, next_page=next_page)}


def refusal(status, message="no luck", **headers):
    """A step of a `Script`: an error in the API's shape."""
    error = {"type": "an_error", "message": message}
    return {
        "status_code": status,
        "headers": {name.replace("_", "-"): value for name, value in headers.items()},
        "json": {"type": "error", "error": error, "request_id": "req_1"},
    }


class Script:
    """A server that takes one step per call, and repeats the last one.

    A step holds the arguments of `httpx.Response`, or an exception to raise.
    """

    def __init__(self, *steps):
        self.steps, self.calls = list(steps), []

    def __call__(self, request):
        self.calls.append(request)
        step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        if isinstance(step, Exception):
            raise step
        return httpx.Response(**step)

    def asked(self, name):
        """The values of one parameter in all calls."""
        return [call.url.params.get(name) for call in self.calls]


def settings(**given):
    """Settings with a key and little patience."""
    return resolve_settings(
        **{"api_key": KEY, "max_wait": 5, "backoff": 0.001, **given}
    )


def fetch(handler, *days, contact=None, **given):
    """The outcome of each day when `handler` is the server."""
    transport = httpx.MockTransport(handler)
    resolved = settings(**given)
    return list(fetch_days(days or [DAY], resolved, transport, contact=contact))


def fetch_days(days, settings, transport=None, clock=utc_now, **how):
    """The days as a load fetches them; `transport` stands in for the network."""
    report = replace(CLAUDE_CODE, open=partial(UsageClient, transport=transport))
    return fetch_report(report, days, settings, clock, **how)


def fetch_one(handler, **given):
    """The outcome of the one day."""
    (outcome,) = fetch(handler, **given)
    return outcome


def emails(outcome):
    """The emails of a fetched day's records."""
    return outcome.content.rows(REPORT)["actor__email_address"].to_pylist()


def user(name):
    """The contract's example for another user."""
    return record(actor={"type": "user_actor", "email_address": name})
