"""What a load says about itself: before (the plan) and after (the summary)."""

from collections.abc import Iterable
from datetime import date
from typing import Any

from claude_code_analytics.days import ONE_DAY, in_runs, spans

from .load import Outcome, Plan

EMPTY_ACCOUNT = (
    "Every day of this account is empty, though the key works. Usage of OAuth users on "
    "Team and Enterprise plans does not appear in this report, nor does usage through "
    "Amazon Bedrock, Google Vertex AI or other clouds. Check that the key belongs to "
    "the organisation whose members use Claude Code through the API."
)


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """The plan for machines: runs of days with their reasons, and the calls."""
    runs = [
        {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "days": (last - first).days + 1,
            "reason": str(reason),
        }
        for first, last, reason in in_runs(plan.wanted)
    ]
    return {"plan": runs, "calls_at_least": len(plan.wanted)}


def plan_as_lines(plan: Plan) -> list[str]:
    """The plan for people."""
    if not plan.wanted:
        return ["Nothing to load: no day is wanted."]
    lines = []
    for first, last, reason in in_runs(plan.wanted):
        days = _count((last - first).days + 1, "day")
        lines.append(f"{span(first, last):24}  {days:>9}  {reason}")
    calls = _count(len(plan.wanted), "call")
    return [*lines, f"At least {calls}: one per day and 1,000 records."]


def outcome_as_dict(outcome: Outcome, location: str) -> dict[str, Any]:
    """The summary for machines. Cost is a decimal string in USD."""
    return {
        "days_loaded": len(outcome.loaded),
        "days_changed": len(outcome.changed),
        "days_empty": len(outcome.empty),
        "days_failed": {str(day): why for day, why in sorted(outcome.failed.items())},
        "records": outcome.records,
        "cost_usd": f"{outcome.cost_usd.normalize():f}",
        "twins": {str(day): count for day, count in sorted(outcome.twins.items())},
        "unknown": [
            {"kind": seen.kind, "name": seen.name, "records": seen.records}
            for seen in sorted(outcome.unknown)
        ],
        "new_models": sorted(outcome.new_models),
        "account_is_empty": outcome.account_is_empty,
        "seconds": round(outcome.seconds, 3),
        "data": location,
    }


def outcome_as_lines(plan: Plan, outcome: Outcome, location: str) -> list[str]:
    """The summary for people; after a first load also how to go further back."""
    days = ", ".join(
        [
            f"{len(outcome.loaded)} loaded",
            f"{len(outcome.changed)} changed",
            f"{len(outcome.empty)} empty",
            f"{len(outcome.failed)} failed",
        ]
    )
    lines = [
        f"Days     {days}",
        f"Records  {outcome.records:,}",
        f"Cost     {outcome.cost_usd:,.2f} USD, estimated",
        f"Time     {outcome.seconds:.1f} s",
        f"Data     {location}",
    ]
    if plan.wanted and not plan.stored:
        first = plan.wanted[0].day
        more = f"--start YYYY-MM-DD --end {first - ONE_DAY}"
        lines.append(f"History  begins {first}; for more: ccwarehouse load {more}")
    return lines


def remarks(outcome: Outcome) -> list[str]:
    """What someone should look at, if there is anything."""
    lines = [f"{day} failed: {why}" for day, why in sorted(outcome.failed.items())]
    if outcome.failed:
        lines.append("Failed days are tried again by the next load.")
    if outcome.twins:
        records = _count(sum(outcome.twins.values()), "record")
        lines.append(
            f"{records} share every key with another one of the day, and are kept: "
            f"{dates(outcome.twins)}."
        )
    lines += [
        f"Not in the known contract, and kept: {seen.kind} {seen.name} "
        f"(in {_count(seen.records, 'record')})."
        for seen in sorted(outcome.unknown)
    ]
    if outcome.new_models:
        models = ", ".join(sorted(outcome.new_models))
        lines.append(f"Models seen for the first time: {models}.")
    if outcome.account_is_empty and outcome.loaded:
        lines.append(EMPTY_ACCOUNT)
    return lines


def dates(days: Iterable[date]) -> str:
    """Days in any order as runs, for people."""
    return ", ".join(span(first, last) for first, last in spans(sorted(days)))


def span(first: date, last: date) -> str:
    """A run of days, or the one day, for people."""
    return f"{first}" if first == last else f"{first} to {last}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
