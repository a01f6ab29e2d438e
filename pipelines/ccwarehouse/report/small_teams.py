"""Budgets of teams without those that give away what "(small teams)" hides."""

from collections.abc import Sequence

from ..inputs import SMALL_TEAMS
from .facts import Budget, LeftOut, ShownTeam


def without_small_teams(
    budgets: Sequence[Budget], shown: Sequence[ShownTeam]
) -> tuple[list[Budget], list[LeftOut]]:
    """Those that may be shown, and the others.

    A budget tells what its team spent in all accounts. If an account has "(small
    teams)", it may be shown only if the account shows all of the team as well. A team
    without a row there has spent nothing or is one of them: the page tells neither.
    """
    withheld = {(row.account, row.currency) for row in shown if row.team == SMALL_TEAMS}
    whole = {
        (row.account, row.currency, row.team) for row in shown if not row.is_incomplete
    }

    def tells(budget: Budget) -> bool:
        return (
            budget.scope == "team"
            and budget.spent is not None
            and any(
                (account, currency, budget.name) not in whole
                for account, currency in withheld
                if currency == budget.currency
            )
        )

    return (
        [budget for budget in budgets if not tells(budget)],
        [LeftOut(b.name, b.currency, b.basis) for b in budgets if tells(b)],
    )
