"""What a load says of further reports."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from anthropic_admin_api.sightings import Sighting, merged

from ..end import End
from ..exit_codes import ExitCode
from ..neighbours import OF_DAYS, Neighbour
from . import load as of_load
from . import plan as of_plan
from .dates import count, dates

UNVERIFIED: Final = "; unverified"


def name(neighbour: Neighbour) -> str:
    """The name before what is said of it."""
    return f"{neighbour.name}{' (unverified)' if neighbour.is_unverified else ''}"


def with_neighbours(end: End, neighbours: Sequence[Neighbour], *, quiet: bool) -> End:
    """The end of the usage report's load, with what became of the other reports.

    A report that is not whole makes 0 a 4.
    """
    if not neighbours:
        return end
    ends = [_end_of(each) for each in neighbours]
    facts = {**end.facts, "reports": [dict(each.facts) for each in ends]}
    lines = [*end.lines, *(() if quiet else neighbours_as_lines(neighbours))]
    errors = [each.error for each in ends if each.error]
    if end.code or not errors:
        return End(end.code, end.error, facts, lines)
    return End(ExitCode.DAYS_FAILED, " ".join(errors), facts, lines)


def neighbours_as_lines(neighbours: Sequence[Neighbour]) -> list[str]:
    """A line for each report."""
    wide = max((len(each.name) for each in neighbours), default=0)
    return [
        f"{each.name:{wide}}  {_line(each)}{UNVERIFIED if each.is_unverified else ''}"
        for each in neighbours
    ]


def remarks(neighbours: Iterable[Neighbour]) -> list[str]:
    """What someone should look at, if there is anything."""
    return [f"{name(each)}: {line}" for each in neighbours for line in _remarks(each)]


def plans_as_dicts(neighbours: Iterable[Neighbour]) -> list[dict[str, Any]]:
    """The plans of the reports of days, for programs."""
    return [
        {"report": each.name, "is_unverified": each.is_unverified}
        | of_plan.plan_as_dict(each.plan, OF_DAYS[each.name].days_at_once)
        for each in neighbours
        if each.plan
    ]


def plans_as_lines(neighbours: Iterable[Neighbour]) -> list[str]:
    """The plans of the reports of days, for people."""
    return [
        line
        for each in neighbours
        if each.plan
        for line in (
            f"Report {each.name}{UNVERIFIED if each.is_unverified else ''}",
            *of_plan.plan_as_lines(each.plan, OF_DAYS[each.name].days_at_once),
            *_too_early(each),
        )
    ]


def _end_of(neighbour: Neighbour) -> End:
    error = _error(neighbour)
    named = f"{name(neighbour)}: {error}" if error else None
    code = ExitCode.DONE
    if neighbour.problem:
        code = neighbour.problem.code
    elif error:
        code = ExitCode.DAYS_FAILED
    told = {
        "report": neighbour.name,
        "is_unverified": neighbour.is_unverified,
        "exit_code": int(code),
        "error": error,
    }
    return End(code, named, told | _facts(neighbour))


def _error(neighbour: Neighbour) -> str | None:
    if neighbour.problem:
        return neighbour.problem.line
    if neighbour.plan and neighbour.outcome and neighbour.outcome.failed:
        return of_load.failed_days(neighbour.plan, neighbour.outcome)
    return None


def _facts(neighbour: Neighbour) -> dict[str, Any]:
    if neighbour.taken:
        taken = neighbour.taken
        return {"elements": taken.elements, "changes": taken.changes}
    if not (neighbour.plan and neighbour.outcome):
        return {}
    outcome = neighbour.outcome
    return {
        "days_wanted": len(neighbour.plan.wanted),
        "days_loaded": len(outcome.loaded),
        "days_changed": len(outcome.changed),
        "days_empty": len(outcome.empty),
        "days_failed": {str(day): why for day, why in sorted(outcome.failed.items())},
        "records": outcome.records,
    }


def _line(neighbour: Neighbour) -> str:
    if neighbour.taken:
        elements = count(neighbour.taken.elements, "element")
        return f"{elements}, {count(neighbour.taken.changes, 'change')}"
    if neighbour.outcome is None:
        return "not loaded"
    records = count(neighbour.outcome.records, "record")
    return f"{of_load.days_as_line(neighbour.outcome)}; {records}"


def _remarks(neighbour: Neighbour) -> list[str]:
    if neighbour.problem:
        return [neighbour.problem.line]
    if not (neighbour.plan and neighbour.outcome):
        return []
    outcome = neighbour.outcome
    lines = [*_too_early(neighbour), *of_load.failures(neighbour.plan, outcome)]
    lines += [of_load.beyond_contract(seen) for seen in _unknown(neighbour)]
    if outcome.emptied:
        days = count(len(outcome.emptied), "day")
        lines.append(f"{days} had records and are empty now: {dates(outcome.emptied)}.")
    return lines


def _too_early(neighbour: Neighbour) -> list[str]:
    if not neighbour.too_early:
        return []
    days = count(len(neighbour.too_early), "day")
    asked = f"not asked for: {dates(neighbour.too_early)}."
    return [f"{days} {asked} The API has a year at most, and none before 2026."]


def _unknown(neighbour: Neighbour) -> list[Sighting]:
    days = neighbour.outcome.summaries.values() if neighbour.outcome else ()
    return sorted(merged(seen for day in days for seen in day.drift))
