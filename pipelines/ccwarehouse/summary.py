"""What a load says about itself: before (the plan) and after (the summary)."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from typing import Any

from whole_days.calendar import ONE_DAY, spans
from whole_days.clock import SET_IT, off
from whole_days.plan import in_runs

from .causes import causes
from .exit_codes import ExitCode
from .load import Outcome, Plan
from .output import End

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
    return _ends(plan) | {"plan": runs, "calls_at_least": 1 + len(plan.wanted)}


def plan_as_lines(plan: Plan) -> list[str]:
    """The plan for people."""
    if not plan.wanted:
        return ["Nothing to load: no day is wanted."]
    lines = []
    for first, last, reason in in_runs(plan.wanted):
        days = _count((last - first).days + 1, "day")
        lines.append(f"{span(first, last):24}  {days:>9}  {reason}")
    calls = _count(1 + len(plan.wanted), "call")
    return [*lines, f"At least {calls}: one first, one per day and 1,000 records."]


def end_of_load(plan: Plan, outcome: Outcome, location: str, *, quiet: bool) -> End:
    """The end of a load that came to its end, whatever became of its days."""
    facts = outcome_as_dict(plan, outcome, location)
    lines = [] if quiet else outcome_as_lines(plan, outcome, location)
    if not outcome.failed:
        return End(facts=facts, lines=lines)
    code = ExitCode.DAYS_FAILED if outcome.loaded else ExitCode.NOTHING_LOADED
    first, *others = causes(outcome.failed)
    more = f" (and {_count(len(others), 'other cause')})" if others else ""
    days = f"{len(outcome.failed)} of {_count(len(plan.wanted), 'day')}"
    return End(code, f"{days} failed: {first.reason}{more}", facts, lines)


def outcome_as_dict(plan: Plan, outcome: Outcome, location: str) -> dict[str, Any]:
    """The summary for machines. Cost is a decimal string in USD."""
    return _ends(plan) | {
        "days_wanted": len(plan.wanted),
        "days_loaded": len(outcome.loaded),
        "days_changed": len(outcome.changed),
        "days_empty": len(outcome.empty),
        "days_failed": {str(day): why for day, why in sorted(outcome.failed.items())},
        "days_standing": {
            str(day): read_at.astimezone(UTC).isoformat()
            for day, read_at in _standing(plan, outcome).items()
        },
        "records": outcome.records,
        "cost_usd": f"{outcome.cost_usd.normalize():f}",
        "twins": {str(day): count for day, count in sorted(outcome.twins.items())},
        "unknown": [
            {"kind": seen.kind, "name": seen.name, "records": seen.records}
            for seen in sorted(outcome.unknown)
        ],
        "new_models": sorted(outcome.new_models),
        "days_emptied": [str(day) for day in sorted(outcome.emptied)],
        "new_organizations": sorted(outcome.new_organizations),
        "gone_organizations": sorted(outcome.gone_organizations),
        "account_is_empty": outcome.account_is_empty,
        "clock_ahead_seconds": round(outcome.clock_error.total_seconds()),
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
    lines = [f"Days     {days}"]
    if outcome.loaded:
        lines.append(f"Records  {outcome.records:,}")
        lines.append(f"Cost     {outcome.cost_usd:,.2f} USD, estimated")
    lines.append(f"Time     {outcome.seconds:.1f} s")
    lines.append(f"Data     {location}")
    if outcome.loaded and not plan.stored:
        first = plan.wanted[0].day
        more = f"--start YYYY-MM-DD --end {first - ONE_DAY}"
        lines.append(f"History  begins {first}; for more: ccwarehouse load {more}")
    return lines


def remarks(plan: Plan, outcome: Outcome) -> list[str]:
    """What someone should look at, if there is anything."""
    lines = _failures(plan, outcome)
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
    lines += [
        f"Organisation {organization} is new in this account."
        for organization in sorted(outcome.new_organizations)
    ]
    lines += [
        f"Organisation {organization} is gone from the days read again."
        for organization in sorted(outcome.gone_organizations)
    ]
    if outcome.emptied:
        days = _count(len(outcome.emptied), "day")
        lines.append(f"{days} had records and are empty now: {dates(outcome.emptied)}.")
    if outcome.clock_error:
        lines.append(f"{off(outcome.clock_error)}, which the load went by. {SET_IT}.")
    if outcome.account_is_empty:
        lines.append(EMPTY_ACCOUNT)
    return lines


def _failures(plan: Plan, outcome: Outcome) -> list[str]:
    """A line for each cause, one on what is stored all the same, and what comes."""
    if not outcome.failed:
        return []
    lines = [
        f"{dates(cause.days)} failed: {cause.reason}"
        for cause in causes(outcome.failed)
    ]
    if standing := _standing(plan, outcome):
        lines.append(f"{standing_numbers(standing, plan.calendar.now)}.")
    if not outcome.loaded:
        lines.append("No day could be loaded.")
    return [*lines, "Failed days are tried again by the next load."]


def _standing(plan: Plan, outcome: Outcome) -> dict[date, datetime]:
    """The failed days that were read whole before, and when (UTC)."""
    return {
        day: stored.fetched_at
        for day in sorted(outcome.failed)
        if (stored := plan.stored.get(day)) and stored.stands and stored.fetched_at
    }


def standing_numbers(read_at: Mapping[date, datetime], now: datetime) -> str:
    """That the stored numbers of days still count, and how old they are."""
    hours = [int((now - then).total_seconds()) // 3600 for then in read_at.values()]
    youngest, oldest = min(hours), max(hours)
    between = "" if youngest == oldest else f"{youngest:,} to "
    old = f"{between}{_count(oldest, 'hour')} old"
    return f"The stored numbers of {dates(read_at)} stand, {old}"


def dates(days: Iterable[date]) -> str:
    """Days in any order as runs, for people."""
    return ", ".join(span(first, last) for first, last in spans(sorted(days)))


def span(first: date, last: date) -> str:
    """A run of days, or the one day, for people."""
    return f"{first}" if first == last else f"{first} to {last}"


def _ends(plan: Plan) -> dict[str, str | None]:
    """The first and the last day that are wanted, None where no day is."""
    days = [item.day.isoformat() for item in plan.wanted]
    return {
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
    }


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
