"""What a load prints when it ends, for people and for programs."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import chain
from typing import Any, Final, TypeAlias

from anthropic_admin_api.sightings import Sighting, merged
from claude_code_analytics import UsageSummary
from whole_days.calendar import ONE_DAY
from whole_days.clock import SET_IT, off
from whole_days.privacy import brief

from ..doctor.api import EMPTY_ACCOUNT
from ..end import End
from ..exit_codes import ExitCode
from ..inputs import Roster
from ..load import Plan
from ..outcome import Outcome
from ..problems import Problem, explain
from .causes import causes
from .dates import count, dates, standing_numbers
from .plan import ends

UsageOutcome: TypeAlias = Outcome[UsageSummary]
SHOWN: Final = 5  # actors or teams in a line
NO_FILE: Final = (
    "The days of this load are committed, but no teams, budgets or weekend of it."
)
NO_ROSTER: Final = Roster(frozenset(), 0)


def end_of_load(
    plan: Plan, outcome: UsageOutcome, location: str, *, quiet: bool
) -> End:
    """The end of a load that was not interrupted, whether or not days failed."""
    facts = outcome_as_dict(plan, outcome, location)
    lines = [] if quiet else outcome_as_lines(plan, outcome, location)
    if refused := _refused_file(outcome):
        return End(refused.code, refused.line, facts, lines)
    if not outcome.failed:
        return End(facts=facts, lines=lines)
    code = ExitCode.DAYS_FAILED if outcome.loaded else ExitCode.NOTHING_LOADED
    return End(code, failed_days(plan, outcome), facts, lines)


def failed_days(plan: Plan, outcome: Outcome[Any]) -> str:
    """How many days failed, and why."""
    first, *others = causes(outcome.failed)
    more = f" (and {count(len(others), 'other cause')})" if others else ""
    days = f"{len(outcome.failed)} of {count(len(plan.wanted), 'day')}"
    return f"{days} failed: {first.reason}{more}"


def outcome_as_dict(plan: Plan, outcome: UsageOutcome, location: str) -> dict[str, Any]:
    """The summary for programs. Cost is a decimal string in USD."""
    refused = _refused_file(outcome)
    return ends(plan) | {
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
        "cost_usd": f"{total_cost_usd(outcome).normalize():f}",
        "duplicates": {
            str(day): number for day, number in sorted(duplicates(outcome).items())
        },
        "unknown": [
            {"kind": seen.kind, "name": seen.name, "records": seen.records}
            for seen in unknown(outcome)
        ],
        "new_models": sorted(outcome.new_names),
        "days_emptied": [str(day) for day in sorted(outcome.emptied)],
        "shared_organizations": dict(outcome.shared_organizations),
        "new_organizations": sorted(outcome.new_organizations),
        "gone_organizations": sorted(outcome.gone_organizations),
        "days_summed": outcome.summed,
        "files_loaded": outcome.files,
        "undecided_actors": outcome.undecided,
        "undecided_keys": outcome.undecided_keys,
        "roster": _lost_as_dict(outcome),
        "lost_teams": _lost_teams(outcome),
        "unknown_teams": outcome.unknown_teams,
        "kept_group_size": outcome.kept_group_size,
        "faults": refused.facts["faults"] if refused else [],
        "account_is_empty": outcome.account_is_empty,
        "clock_ahead_seconds": round(outcome.clock_error.total_seconds()),
        "seconds": round(outcome.seconds, 3),
        "data": location,
    }


def outcome_as_lines(plan: Plan, outcome: UsageOutcome, location: str) -> list[str]:
    """The summary for people; after a first load also how to load older days."""
    lines = [f"Days     {days_as_line(outcome)}"]
    if outcome.loaded:
        lines.append(f"Records  {outcome.records:,}")
        lines.append(f"Cost     {total_cost_usd(outcome):,.2f} USD, estimated")
    lines += inputs_as_lines(outcome.files)
    lines += group_size_as_lines(outcome.kept_group_size)
    if outcome.summed:
        lines.append(f"Sums     {count(outcome.summed, 'old day')} without people now")
    lines.append(f"Time     {outcome.seconds:.1f} s")
    lines.append(f"Data     {location}")
    if outcome.loaded and not plan.stored:
        first = plan.wanted[0].day
        more = f"--start YYYY-MM-DD --end {first - ONE_DAY}"
        lines.append(f"History  from {first}; for more: ccwarehouse load {more}")
    return lines


def inputs_as_lines(names: Sequence[str]) -> list[str]:
    """What was loaded beside the days; owners and the weekend are of no file."""
    lines = []
    if files := [name for name in names if name not in ("owners", "weekend")]:
        lines.append(f"Files    {' and '.join(files)} loaded anew")
    if "owners" in names:
        lines.append("Owners   of API keys stored anew")
    if "weekend" in names:
        lines.append("Weekend  stored anew; earlier days are judged by it too")
    return lines


def group_size_as_lines(kept: int | None) -> list[str]:
    """That small teams are still not shown, and how to show them."""
    if kept is None:
        return []
    return [
        f"Groups   still {kept} active people or more; to show all teams: "
        "--min-group-size 1"
    ]


def days_as_line(outcome: Outcome[Any]) -> str:
    """How many days were loaded and what became of them."""
    return ", ".join(
        [
            f"{len(outcome.loaded)} loaded",
            f"{len(outcome.changed)} changed",
            f"{len(outcome.empty)} empty",
            f"{len(outcome.failed)} failed",
        ]
    )


def remarks(plan: Plan, outcome: UsageOutcome) -> list[str]:
    """What someone should look at, if there is anything."""
    lines = failures(plan, outcome)
    if doubled := duplicates(outcome):
        records = count(sum(doubled.values()), "record")
        lines.append(
            f"{records} share every key with another one of the day. They are kept: "
            f"{dates(doubled)}."
        )
    lines += [beyond_contract(seen) for seen in unknown(outcome)]
    if outcome.new_names:
        models = ", ".join(sorted(outcome.new_names))
        lines.append(f"Models seen for the first time: {models}.")
    lines += [
        f"Organisation {organization} is new in this account."
        for organization in sorted(outcome.new_organizations)
    ]
    lines += [
        shared(organization, accounts)
        for organization, accounts in outcome.shared_organizations.items()
    ]
    lines += [
        f"Organisation {organization} is gone from the days fetched again."
        for organization in sorted(outcome.gone_organizations)
    ]
    if outcome.emptied:
        days = count(len(outcome.emptied), "day")
        lines.append(f"{days} had records and are empty now: {dates(outcome.emptied)}.")
    if outcome.clock_error:
        lines.append(
            f"{off(outcome.clock_error)}. {SET_IT}. The load used the API's clock."
        )
    if outcome.account_is_empty:
        lines.append(EMPTY_ACCOUNT)
    return lines


def remarks_on_inputs(outcome: UsageOutcome) -> list[str]:
    """What someone should look at in teams, budgets and owners."""
    lines = [*_undecided(outcome), *_undecided_keys(outcome), *_lost(outcome)]
    if outcome.unknown_teams:
        lines.append(_unknown_teams(outcome.unknown_teams))
    if outcome.unread_tag:
        lines.append(
            f"No teams of {outcome.unread_tag} are loaded, because the directory was "
            "never read whole. The next load reads it again."
        )
    if refused := _refused_file(outcome):
        lines += [refused.line, *refused.more, NO_FILE]
    return lines


def _undecided(outcome: UsageOutcome) -> list[str]:
    """Who is in no team today for being in several, and how to decide."""
    if not outcome.undecided:
        return []
    people = "person is" if len(outcome.undecided) == 1 else "people are"
    return [
        f"{len(outcome.undecided)} {people} in workspaces of several teams, and so in "
        f"none: {_with_teams(outcome.undecided)}. Let all workspaces of each be of one "
        "team, or write who is in which team into a CSV file."
    ]


def _undecided_keys(outcome: UsageOutcome) -> list[str]:
    """Which names of keys count with their owners, and how to decide."""
    if not outcome.undecided_keys:
        return []
    names = "name has" if len(outcome.undecided_keys) == 1 else "names have"
    return [
        f"{len(outcome.undecided_keys)} {names} API keys in workspaces of several "
        f"teams or of none: {_with_teams(outcome.undecided_keys)}. They count where "
        "their owner does. The default workspace has no tags: to count a key "
        "elsewhere, give it a name of its own."
    ]


def _with_teams(undecided: Mapping[str, Sequence[str]]) -> str:
    told = [
        f"{brief(actor)} ({', '.join(teams)})"
        for actor, teams in sorted(undecided.items())
    ]
    return f"{', '.join(told[:SHOWN])}{_and_more(told)}"


def _unknown_teams(teams: Sequence[str]) -> str:
    """Which budgets are of a team that is not there, or not yet."""
    names = f"{', '.join(map(brief, teams[:SHOWN]))}{_and_more(teams)}"
    return (
        f"Budgets name {count(len(teams), 'team')} that no team in force is called: "
        f"{names}. They count once the teams have the name. If it is misspelt, correct "
        "it in the budgets file."
    )


def _and_more(names: Sequence[str]) -> str:
    return f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""


def _lost(outcome: UsageOutcome) -> list[str]:
    """Which teams or how many members tags have taken away."""
    if not outcome.rosters:
        return []
    before, now = outcome.rosters
    lost = sorted(before.teams - now.teams)
    shown = f"{', '.join(map(brief, lost[:SHOWN]))}{_and_more(lost)}"
    gone = f" Gone: {shown}." if lost else ""
    return [
        f"{_roster(before)} before, {_roster(now)} by the tags now, also for past days."
        f"{gone} If that is not meant, look at the tags and members of the workspaces."
    ]


def _roster(roster: Roster) -> str:
    members = count(roster.members, "member")
    return f"{count(len(roster.teams), 'team')} with {members}"


def _lost_as_dict(outcome: UsageOutcome) -> dict[str, int]:
    if not outcome.rosters:
        return {}
    before, now = outcome.rosters
    return {
        "teams_before": len(before.teams),
        "teams": len(now.teams),
        "members_before": before.members,
        "members": now.members,
    }


def _lost_teams(outcome: UsageOutcome) -> list[str]:
    before, now = outcome.rosters or (NO_ROSTER, NO_ROSTER)
    return sorted(before.teams - now.teams)


def beyond_contract(seen: Sighting) -> str:
    """Says what the API sent that nobody knows yet."""
    return (
        f"Not in the known contract, and {_become_of(seen)}: {seen.kind} {seen.name} "
        f"(in {count(seen.records, 'record')})."
    )


def shared(organization: str, accounts: Iterable[str]) -> str:
    """Says that accounts hold the same organisation."""
    names = " and ".join(accounts)
    return (
        f"Organisation {organization} is in accounts {names}: its costs count twice in "
        "every sum over accounts. Load only one of them, into a new dataset."
    )


def total_cost_usd(outcome: UsageOutcome) -> Decimal:
    """The estimated cost of the loaded days."""
    cents = (day.estimated_cost_cents for day in outcome.summaries.values())
    return sum(cents, Decimal(0)) / 100


def duplicates(outcome: UsageOutcome) -> dict[date, int]:
    """The number of duplicates of each day that has some."""
    days = outcome.summaries.items()
    return {day: summary.duplicates for day, summary in days if summary.duplicates}


def unknown(outcome: UsageOutcome) -> list[Sighting]:
    """The drift of all loaded days."""
    return sorted(merged(chain(*(day.drift for day in outcome.summaries.values()))))


def _become_of(seen: Sighting) -> str:
    """Values of unknown fields may name people, and are withheld with their example."""
    is_withheld = seen.kind == "field" and seen.example is None
    return "withheld" if is_withheld else "kept"


def _refused_file(outcome: UsageOutcome) -> Problem | None:
    """The problem of a refused file. It is reported before failed days.

    The next load fetches failed days again, but a file stays wrong until someone fixes
    it.
    """
    return explain(outcome.file_error, "") if outcome.file_error else None


def failures(plan: Plan, outcome: Outcome[Any]) -> list[str]:
    """A line for each cause, one on stored numbers still used, and what comes next."""
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
    return [*lines, "The next load tries failed days again."]


def _standing(plan: Plan, outcome: Outcome[Any]) -> dict[date, datetime]:
    """The failed days that have a completed fetch, and when that was (UTC)."""
    return {
        day: stored.fetched_at
        for day in sorted(outcome.failed)
        if (stored := plan.stored.get(day)) and stored.stands and stored.fetched_at
    }
