"""What `budgets` prints, for people and for programs."""

from collections.abc import Sequence
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from shlex import quote
from typing import Any

from whole_days.privacy import brief

from ..budget_states import STATES
from ..budgets import Budgets, BudgetStatus
from ..end import End
from ..exit_codes import ExitCode
from ..export.values import exact
from .dates import count

NO_BUDGETS = "No budget is loaded. Load: ccwarehouse load --budgets FILE"
NO_BUDGETS_OF = (
    "No budget of account {account} is loaded. Write one with the scope account into"
    " the file. Load: ccwarehouse load --budgets FILE"
)
HEAD = ("budget", "spent", "of", "share", "forecast", "state")


def end_of_budgets(budgets: Budgets, location: str) -> End:
    """The end of `budgets`: the code says whether any budget is over."""
    facts = budgets_as_dict(budgets, location)
    lines = budgets_as_lines(budgets, location)
    if over := [budget for budget in budgets.of_month if budget.state == "over"]:
        code = ExitCode.OVER_BUDGET
        return End(code, _over(over), facts, lines, is_answer=True)
    return End(facts=facts, lines=lines, is_answer=True)


def budgets_as_dict(budgets: Budgets, location: str) -> dict[str, Any]:
    """The budgets for programs. Money is exact text; a share of 1 is all of it."""
    return {
        "account": budgets.account,
        "month": _month(budgets.month),
        "budgets": [_as_dict(budget) for budget in budgets.of_month],
        "over": sum(budget.state == "over" for budget in budgets.of_month),
        "other_months": budgets.others,
        "days_missing": _days_missing(budgets),
        "unknown_users": list(budgets.unknown_users),
        "unknown_teams": list(budgets.unknown_teams),
        "unknown_accounts": list(budgets.unknown_accounts),
        "data": location,
    }


def budgets_as_lines(budgets: Budgets, location: str) -> list[str]:
    """The budgets for people, a line each, and remarks on the figures."""
    month = _month(budgets.month) or "nothing loaded"
    head = [f"Data   {location}", f"Month  {month}, UTC, estimated cost"]
    if not budgets.of_month:
        return [*head, _nothing_to_show(budgets)]
    rows = [HEAD, *(_cells(budget, budgets) for budget in budgets.of_month)]
    return [*head, *_aligned(rows), *remarks(budgets)]


def remarks(budgets: Budgets) -> list[str]:
    """Why the figures may be incomplete, if there is a reason."""
    lines = []
    if missing := _days_missing(budgets):
        are = "is" if missing == 1 else "are"
        lines.append(
            f"{count(missing, 'day')} of the month {are} missing, so that more may have"
            f" been spent. Load: {_load(budgets)}"
        )
    if unfetched := _unfetched(budgets):
        lines.append(unfetched)
        if budgets.before_history and not missing:
            lines.append(
                f"The month lies before the days stored. Load: {_load(budgets)}"
            )
    if budgets.unknown_teams:
        names = ", ".join(map(_plain, budgets.unknown_teams))
        lines.append(
            f"No such team: {names}. No team in force has the name. Correct it in the"
            " budgets file, or add the team to the teams."
        )
    if budgets.unknown_accounts:
        names = ", ".join(map(_plain, budgets.unknown_accounts))
        lines.append(
            f"No such account: {names}. No day of it was ever loaded. Correct the name"
            " in the budgets file, or load the account."
        )
    if budgets.unknown_users:
        names = ", ".join(map(_plain, budgets.unknown_users))
        lines.append(
            f"Unknown: {names}. Neither the days loaded nor a team in force has the"
            " name, and it owns no API key. If it is misspelt, correct it in the"
            " budgets file."
        )
    return lines


def _unfetched(budgets: Budgets) -> str | None:
    """That no day of the month is loaded, and of which accounts if not of all."""
    found = [
        budget
        for budget in budgets.of_month
        if budget.state == "no_data" and budget.days_missing is None
    ]
    names = [each.name if each.scope == "account" else "" for each in found]
    known = dict.fromkeys(
        name for name in names if name not in budgets.unknown_accounts
    )
    if not known:
        return None
    of = "" if "" in known else f" of account {', '.join(map(_plain, known))}"
    return f"No data: no day of the month is loaded{of}."


def _load(budgets: Budgets) -> str:
    """The command that loads the days that are missing."""
    of_account = f" --account {quote(budgets.account)}" if budgets.account else ""
    if budgets.before_history:
        first, last = budgets.before_history
        return f"ccwarehouse load{of_account} --start {first} --end {last}"
    return f"ccwarehouse load{of_account}"


def _over(over: Sequence[BudgetStatus]) -> str:
    names = ", ".join(_whose(budget) for budget in over)
    are = "is" if len(over) == 1 else "are"
    return f"{count(len(over), 'budget')} {are} over: {names}."


def _nothing_to_show(budgets: Budgets) -> str:
    if not budgets.others:
        account = budgets.account
        return NO_BUDGETS_OF.format(account=_plain(account)) if account else NO_BUDGETS
    have = "has" if budgets.others == 1 else "have"
    return f"The month has no budget; {count(budgets.others, 'budget')} {have} another."


def _as_dict(budget: BudgetStatus) -> dict[str, Any]:
    return {
        "scope": budget.scope,
        "name": budget.name,
        "currency": budget.currency,
        "basis": budget.basis,
        "amount": _exact(budget.amount),
        "spent": _exact(budget.spent),
        "share_spent": budget.share_spent,
        "forecast": _exact(budget.forecast),
        "forecast_share": budget.forecast_share,
        "state": budget.state,
        "days_missing": budget.days_missing,
    }


def _cells(budget: BudgetStatus, budgets: Budgets) -> tuple[str, ...]:
    state = STATES[budget.state]
    if budget.state == "ok" and _days_missing(budgets):
        state += " so far"
    return (
        _whose(budget),
        _rounded(budget.spent),
        f"{_rounded(budget.amount)} {budget.currency}",
        "-" if budget.share_spent is None else f"{budget.share_spent:.0%}",
        _rounded(budget.forecast),
        state,
    )


def _whose(budget: BudgetStatus) -> str:
    name = budget.scope if budget.scope == "organisation" else budget.name
    name = f"account {name}" if budget.scope == "account" else name
    plain = _plain(name)
    return plain if budget.basis == "all" else f"{plain} ({budget.basis})"


def _plain(name: str) -> str:
    """A name without what a terminal obeys, and a pseudonym in brief."""
    shown = brief(name)
    return "".join(letter if letter.isprintable() else "?" for letter in shown)


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Align columns: names and states to the left, figures to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    last = len(widths) - 1
    return [
        "  ".join(
            cell.ljust(width) if place in (0, last) else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _days_missing(budgets: Budgets) -> int:
    return max((budget.days_missing or 0 for budget in budgets.of_month), default=0)


def _month(month: date | None) -> str | None:
    return None if month is None else f"{month:%Y-%m}"


def _exact(amount: Decimal | None) -> str | None:
    return None if amount is None else exact(amount)


def _rounded(amount: Decimal | None) -> str:
    if amount is None:
        return "-"
    return f"{amount.quantize(Decimal('0.01'), ROUND_HALF_UP):,}"
