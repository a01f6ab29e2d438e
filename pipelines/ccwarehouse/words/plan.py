"""The plan of a load: which days, and why."""

from collections.abc import Sequence
from typing import Any

from whole_days.plan import in_runs

from ..end import End
from ..inputs import InputFile
from ..load import Plan
from .dates import count, span

CURRENCIES_UNKNOWN = (
    "No cost is stored yet: the load compares its currencies with those of the days."
)


def end_of_dry_run(
    plan: Plan, files: Sequence[InputFile], *, currencies_known: bool = True
) -> End:
    """The end of `load --dry-run`; the files were read, and no fault was found.

    Without `currencies_known` those of the budgets could not be checked.
    """
    facts = plan_as_dict(plan) | {"files": [file.name for file in files]}
    lines = files_as_lines(files, currencies_known=currencies_known)
    return End(facts=facts, lines=[*plan_as_lines(plan), *lines])


def files_as_lines(files: Sequence[InputFile], *, currencies_known: bool) -> list[str]:
    """A line for each file that was read without a fault."""
    return [
        _as_line(file, is_right=currencies_known or file.name != "budgets")
        for file in files
    ]


def _as_line(file: InputFile, *, is_right: bool) -> str:
    rows = f"{count(len(file.rows), 'row')} of {file.name}."
    if is_right:
        return f"{file.file} is right: {rows}"
    return f"{file.file} is readable: {rows} {CURRENCIES_UNKNOWN}"


def plan_as_dict(plan: Plan) -> dict[str, Any]:
    """The plan for programs: ranges of days with reasons, and the calls."""
    runs = [
        {
            "first": first.isoformat(),
            "last": last.isoformat(),
            "days": (last - first).days + 1,
            "reason": str(reason),
        }
        for first, last, reason in in_runs(plan.wanted)
    ]
    return ends(plan) | {"plan": runs, "calls_at_least": 1 + len(plan.wanted)}


def plan_as_lines(plan: Plan) -> list[str]:
    """The plan for people."""
    if not plan.wanted:
        return ["Nothing to load: no day is wanted."]
    lines = []
    for first, last, reason in in_runs(plan.wanted):
        days = count((last - first).days + 1, "day")
        lines.append(f"{span(first, last):24}  {days:>9}  {reason}")
    calls = count(1 + len(plan.wanted), "call")
    return [*lines, f"At least {calls}: one first, then one per day and 1,000 records."]


def ends(plan: Plan) -> dict[str, str | None]:
    """The first and the last wanted day, None when no day is wanted."""
    days = [item.day.isoformat() for item in plan.wanted]
    return {
        "first_day": min(days, default=None),
        "last_day": max(days, default=None),
    }
