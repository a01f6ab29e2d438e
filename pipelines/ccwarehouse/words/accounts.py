"""What a load of one or several accounts prints, for people and for programs.

A load of one account prints what `words.load` and `words.plan` say of it.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from whole_days.calendar import ONE_DAY

from ..accounts import AccountLoad
from ..end import End
from ..exit_codes import ExitCode
from ..inputs import Inputs, TagTeams
from ..load import Plan
from . import load as of_load
from . import neighbours as of_neighbours
from . import plan as of_plan
from .dates import count
from .neighbours import neighbours_as_lines, with_neighbours

# Keys that belong to the load and not to one of its accounts.
OF_ALL: Final = (
    *("days_summed", "files_loaded", "undecided_actors", "undecided_keys"),
    *("roster", "lost_teams", "unknown_teams", "kept_group_size", "faults", "data"),
)
ADDED: Final = (
    *("days_wanted", "days_loaded", "days_changed", "days_empty"),
    *("days_summed", "records"),
)
NOT_LOADED: Final = "not loaded"


def end_of_loads(accounts: Sequence[AccountLoad], location: str, *, quiet: bool) -> End:
    """The end of a load that was not interrupted."""
    ends = {each.account: _end_of(each, location, quiet=quiet) for each in accounts}
    if len(accounts) == 1:
        return ends[accounts[0].account]
    facts = _facts(ends, location)
    lines = [] if quiet else _lines(accounts, facts)
    if code := exit_code(ends.values()):
        return End(code, _error(ends), facts, lines)
    return End(facts=facts, lines=lines)


def exit_code(ends: Iterable[End]) -> int:
    """The code of a load of several accounts.

    A refused file comes first, as in a load of one. What concerns some accounts only
    is 4, the same fault of all is its own code, and different ones are 7.
    """
    found = list(ends)
    if any(end.facts.get("faults") for end in found):
        return ExitCode.CONFIGURATION
    codes = {end.code for end in found}
    if len(codes) == 1:
        return codes.pop()
    is_any_loaded = codes & {ExitCode.DONE, ExitCode.DAYS_FAILED}
    return ExitCode.DAYS_FAILED if is_any_loaded else ExitCode.NOTHING_LOADED


def remarks(account: AccountLoad) -> list[str]:
    """What someone should look at, if there is anything."""
    if account.problem:
        return [account.problem.line]
    if account.plan and account.outcome:
        own = of_load.remarks(account.plan, account.outcome)
        return [*own, *of_neighbours.remarks(account.neighbours)]
    return []


def remarks_on_all(accounts: Iterable[AccountLoad]) -> list[str]:
    """What someone should look at that is of no account."""
    return [
        line
        for each in accounts
        if each.outcome
        for line in of_load.remarks_on_inputs(each.outcome)
    ]


def interrupted(
    accounts: Sequence[AccountLoad], stored_days: int, location: str
) -> str:
    """The message of a load that Ctrl-C or another signal ended.

    `stored_days` are those of the account that was being loaded.
    """
    begun = [each for each in accounts if each.plan]
    wanted = len(begun[-1].plan.wanted) if begun and begun[-1].plan else 0
    days = f"{stored_days} of {wanted} days are committed to {location}."
    if accounts[0].is_alone or not begun:
        return f"Interrupted. {days} The next load continues from there."
    done = [each.account for each in accounts if each.outcome and each is not begun[-1]]
    before = f" Loaded before: {', '.join(done)}." if done else ""
    return (
        f"Interrupted in account {begun[-1].account}. {days}{before} The next load "
        "continues from there."
    )


def end_of_dry_run(
    accounts: Sequence[AccountLoad],
    inputs: Inputs,
    tagged: TagTeams | None,
    *,
    currencies_known: bool,
) -> End:
    """The end of `load --dry-run`; the inputs were read, and no fault was found.

    `tagged` are the teams of a tag. Without `currencies_known` those of the budgets
    could not be checked.
    """
    planned = [(each, each.plan) for each in accounts if each.plan]
    of_files = of_plan.files_as_lines(inputs.files, currencies_known=currencies_known)
    names = [file.name for file in inputs.files]
    if inputs.tag:
        of_files.insert(0, of_plan.tag_as_line(inputs.tag, tagged))
        names[:0] = [tagged.file.name] if tagged else []
    if len(planned) == 1:
        ((account, plan),) = planned
        facts = _plans_as_dict(account, plan) | {"files": names}
        return End(facts=facts, lines=[*_plans_as_lines(account, plan), *of_files])
    facts = {
        "accounts": [
            {"account": account.account} | _plans_as_dict(account, plan)
            for account, plan in planned
        ],
        "files": names,
    }
    lines = [
        line
        for account, plan in planned
        for line in (f"Account {account.account}", *_plans_as_lines(account, plan))
    ]
    return End(facts=facts, lines=[*lines, *of_files])


def _plans_as_dict(account: AccountLoad, plan: Plan) -> dict[str, Any]:
    """The plan of the usage report, and those of others where there are some."""
    others = of_neighbours.plans_as_dicts(account.neighbours)
    return of_plan.plan_as_dict(plan) | ({"reports": others} if others else {})


def _plans_as_lines(account: AccountLoad, plan: Plan) -> list[str]:
    others = of_neighbours.plans_as_lines(account.neighbours)
    return [*of_plan.plan_as_lines(plan), *others]


def _end_of(account: AccountLoad, location: str, *, quiet: bool) -> End:
    if account.problem:
        return End(account.problem.code, account.problem.line)
    assert account.plan
    assert account.outcome
    end = of_load.end_of_load(account.plan, account.outcome, location, quiet=quiet)
    facts = {"account": account.account, **end.facts}
    end = End(end.code, end.error, facts, end.lines)
    return with_neighbours(end, account.neighbours, quiet=quiet)


def _facts(ends: Mapping[str, End], location: str) -> dict[str, Any]:
    """Sums over the accounts, and of each its own keys."""
    loaded = [end.facts for end in ends.values() if end.facts]
    cost = sum((Decimal(facts["cost_usd"]) for facts in loaded), Decimal(0))
    return {
        "accounts": [_of_account(name, end) for name, end in ends.items()],
        **{key: sum(facts[key] for facts in loaded) for key in ADDED},
        "cost_usd": f"{cost.normalize():f}",
        "seconds": round(sum(facts["seconds"] for facts in loaded), 3),
        "files_loaded": [name for facts in loaded for name in facts["files_loaded"]],
        **{
            key: {name: told for facts in loaded for name, told in facts[key].items()}
            for key in ("undecided_actors", "undecided_keys", "roster")
        },
        **{
            key: [name for facts in loaded for name in facts[key]]
            for key in ("lost_teams", "unknown_teams")
        },
        "kept_group_size": _first(facts["kept_group_size"] for facts in loaded),
        "faults": [fault for facts in loaded for fault in facts["faults"]],
        "data": location,
    }


def _first(found: Iterable[int | None]) -> int | None:
    """What one of several knows."""
    return next((each for each in found if each is not None), None)


def _of_account(name: str, end: End) -> dict[str, Any]:
    own = {key: value for key, value in end.facts.items() if key not in OF_ALL}
    return {"account": name, "exit_code": end.code, "error": end.error} | own


def _lines(accounts: Sequence[AccountLoad], facts: Mapping[str, Any]) -> list[str]:
    """A line per account, and below them what concerns all."""
    wide = max(len(each.account) for each in accounts)
    lines = [
        f"{each.account:{wide}}  {line}"
        for each in accounts
        for line in (_line(each), *neighbours_as_lines(each.neighbours))
    ]
    lines += [line for each in accounts for line in _history(each)]
    if facts["days_summed"]:
        days = count(facts["days_summed"], "old day")
        lines.append(f"Sums     {days} without people now")
    lines += of_load.inputs_as_lines(facts["files_loaded"])
    lines += of_load.group_size_as_lines(facts["kept_group_size"])
    lines.append(f"Time     {facts['seconds']:.1f} s")
    return [*lines, f"Data     {facts['data']}"]


def _line(account: AccountLoad) -> str:
    outcome = account.outcome
    if outcome is None:
        return NOT_LOADED
    days = of_load.days_as_line(outcome)
    if not outcome.loaded:
        return days
    cost = f"{of_load.total_cost_usd(outcome):,.2f} USD, estimated"
    return f"{days}; {count(outcome.records, 'record')}; {cost}"


def _history(account: AccountLoad) -> list[str]:
    """How to load older days of an account, after its first load."""
    plan, outcome = account.plan, account.outcome
    if not (plan and outcome and outcome.loaded and not plan.stored):
        return []
    first = plan.wanted[0].day
    words = f"--account {account.account} --start YYYY-MM-DD --end {first - ONE_DAY}"
    more = f"for more: ccwarehouse load {words}"
    return [f"History  {account.account} from {first}; {more}"]


def _error(ends: Mapping[str, End]) -> str:
    """What is wrong with each account, in one line."""
    return " ".join(f"{name}: {end.error}" for name, end in ends.items() if end.error)
