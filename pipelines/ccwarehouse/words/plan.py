"""The plan of a load: which days, and why."""

from collections.abc import Sequence
from typing import Any

from whole_days.calendar import stretches
from whole_days.plan import in_runs

from ..inputs import InputFile, TagTeams, TeamsTag
from ..load import Plan
from .dates import count, span

CURRENCIES_UNKNOWN = (
    "No cost is stored yet: the load compares its currencies with those of the days."
)


def files_as_lines(files: Sequence[InputFile], *, currencies_known: bool) -> list[str]:
    """A line for each file that was read without a fault."""
    return [
        _as_line(file, is_right=currencies_known or file.name != "budgets")
        for file in files
    ]


def tag_as_line(tag: TeamsTag, found: TagTeams | None) -> str:
    """What the stored directory has of the tag; None if there is none yet."""
    if found is None:
        return f"{tag.name} is not checked: no directory is stored. The load reads it."
    rows = count(len(found.file.rows), "row")
    return f"{tag.name} is right: {rows} of teams when the directory was last loaded."


def _as_line(file: InputFile, *, is_right: bool) -> str:
    if file.name == "weekend":
        return "weekend is right."
    rows = f"{count(len(file.rows), 'row')} of {file.name}."
    if is_right:
        return f"{file.file} is right: {rows}"
    return f"{file.file} is readable: {rows} {CURRENCIES_UNKNOWN}"


def plan_as_dict(plan: Plan, days_at_once: int = 1) -> dict[str, Any]:
    """The plan for programs: ranges of days with reasons, and the calls.

    A call gives as many consecutive days as `days_at_once` says.
    """
    runs = [
        {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "days": (last - first).days + 1,
            "reason": str(reason),
        }
        for first, last, reason in in_runs(plan.wanted)
    ]
    return ends(plan) | {"plan": runs, "calls_at_least": _calls(plan, days_at_once)}


def _calls(plan: Plan, days_at_once: int) -> int:
    """The calls for the days, and one that comes first."""
    return 1 + len([*stretches((item.day for item in plan.wanted), days_at_once)])


def plan_as_lines(plan: Plan, days_at_once: int = 1) -> list[str]:
    """The plan for people."""
    if not plan.wanted:
        return ["Nothing to load: no day is wanted."]
    lines = []
    for first, last, reason in in_runs(plan.wanted):
        days = count((last - first).days + 1, "day")
        lines.append(f"{span(first, last):24}  {days:>9}  {reason}")
    calls = count(_calls(plan, days_at_once), "call")
    unit = "day and 1,000 records" if days_at_once == 1 else f"{days_at_once} days"
    return [*lines, f"At least {calls}: one first, then one per {unit}."]


def ends(plan: Plan) -> dict[str, str | None]:
    """The first and the last wanted day, None when no day is wanted."""
    days = [item.day.isoformat() for item in plan.wanted]
    return {
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
    }
