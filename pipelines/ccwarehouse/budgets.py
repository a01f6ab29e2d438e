"""How far budgets are used up, as the view `budget_status` has it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from claude_code_analytics import UnknownAccountError
from whole_days.privacy import folded

from .inputs import NO_TEAM
from .warehouses import Ask, NothingLoadedError, Warehouse

COLUMNS = (
    "scope, name, month, currency, basis, amount, spent, share_spent, forecast, "
    "forecast_share, state, days_missing"
)

_ROWS = f"select {COLUMNS} from {{budget_status}} order by line"

_NEWEST_MONTHS = "select account, max(month) from {month_days} group by account"

_FIRST_DAYS = "select account, min(date) from {fetched_days} group by account"

_TEAMS = "select team from {teams}"

_ACTORS = """
    select distinct actor from {stg_usage}
    union all
    select distinct actor from {stg_team_members}
    union all
    select distinct owner as actor from {stg_actor_owners} where owner is not null
"""


@dataclass(frozen=True)
class BudgetStatus:
    """A budget and what was spent of it, in units of the currency.

    `spent` is None while no day of the month is loaded, `forecast` for a month that is
    over or has too little before it, the shares also for an amount of 0.
    """

    scope: str
    name: str
    month: date
    currency: str
    basis: str
    amount: Decimal
    spent: Decimal | None
    share_spent: float | None
    forecast: Decimal | None
    forecast_share: float | None
    state: str
    days_missing: int | None


@dataclass(frozen=True)
class Budgets:
    """All budgets of a month, or those of one account, in the order of their file.

    `month` is None where nothing is loaded. `others` counts those of other months.
    `first_days` are the first days that are stored, one per account. `unknown_users`
    have a budget of the month, but are not in the usage, in no team, and own no key.
    `unknown_teams` have one, but are not in force, `unknown_accounts` were never
    loaded.
    `account` is None for all of them.
    """

    month: date | None
    of_month: list[BudgetStatus]
    others: int
    first_days: Sequence[date] = ()
    unknown_users: Sequence[str] = ()
    unknown_teams: Sequence[str] = ()
    unknown_accounts: Sequence[str] = ()
    account: str | None = None

    @property
    def before_history(self) -> tuple[date, date] | None:
        """The month's first day, and the day before the first stored one.

        A nightly load does not fetch these days. None where the month has none of them.
        """
        later = [day for day in self.first_days if self.month and day > self.month]
        within = any(_month_of(day) == self.month for day in later)
        if self.month and later and (within or len(later) == len(self.first_days)):
            return self.month, max(later) - timedelta(days=1)
        return None


def read_budget_status(
    warehouse: Warehouse, month: date | None = None, account: str | None = None
) -> Budgets:
    """The budgets of a month, else of the newest of which a day is loaded.

    With an account only those of its scope: teams and users count in all accounts.
    Raises `NothingLoadedError` where the views are not built, and
    `UnknownAccountError` for an account that has neither days nor a budget.
    """
    try:
        with warehouse.asking() as ask:
            return _read(ask, month, account)
    except DatabaseUndefinedRelation as error:
        raise NothingLoadedError(
            f"{warehouse.location} lacks views: build them first"
            " (`ccwarehouse transform`)"
        ) from error


def _read(ask: Ask, month: date | None, account: str | None) -> Budgets:
    every = [BudgetStatus(*row) for row in ask(_ROWS)]
    first_days = _by_account(ask, _FIRST_DAYS)
    newest = _by_account(ask, _NEWEST_MONTHS)
    if account is not None:
        every = [budget for budget in every if _is_of(budget, account)]
        if not every and first_days and account not in first_days:
            raise _unknown(account, first_days)
    chosen = [name for name in first_days if account in (None, name)]
    shown = month or max((newest[name] for name in chosen), default=None)
    of_month = [budget for budget in every if budget.month == shown]
    return Budgets(
        month=shown,
        of_month=of_month,
        others=len(every) - len(of_month),
        first_days=[first_days[name] for name in chosen],
        unknown_users=_unknown_users(ask, of_month),
        unknown_teams=_unknown_teams(ask, of_month),
        unknown_accounts=[
            name for name in _without_data(of_month, "account") if name not in newest
        ],
        account=account,
    )


def _by_account(ask: Ask, query: str) -> dict[str, date]:
    return {str(account): day for account, day in ask(query)}


def _is_of(budget: BudgetStatus, account: str) -> bool:
    return (budget.scope, budget.name) == ("account", account)


def _unknown(account: str, loaded: Iterable[str]) -> UnknownAccountError:
    names = ", ".join(sorted(loaded))
    return UnknownAccountError(
        f"There is no account {account!r}. Name one of: {names}."
    )


def _without_data(budgets: Sequence[BudgetStatus], scope: str) -> list[str]:
    """The names of a scope that have no data, each once."""
    found = (each.name for each in budgets if _is_without(each, scope))
    return list(dict.fromkeys(found))


def _is_without(budget: BudgetStatus, scope: str) -> bool:
    return (budget.scope, budget.state) == (scope, "no_data")


def _unknown_teams(ask: Ask, budgets: Sequence[BudgetStatus]) -> list[str]:
    if not (teams := _without_data(budgets, "team")):
        return []
    known = {NO_TEAM, *(team for (team,) in ask(_TEAMS))}
    return [team for team in teams if team not in known]


def _unknown_users(ask: Ask, budgets: Sequence[BudgetStatus]) -> list[str]:
    users = [
        budget.name
        for budget in budgets
        if budget.scope == "user" and not budget.spent  # who has spent is known
    ]
    if not users:
        return []
    known = {folded(actor) for (actor,) in ask(_ACTORS)}
    return [user for user in dict.fromkeys(users) if user not in known]


def _month_of(day: date) -> date:
    return day.replace(day=1)
