"""How far budgets are used up, as the view `budget_status` has it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from .warehouses import NothingLoadedError, Warehouse

COLUMNS = (
    "scope, name, month, currency, basis, amount, spent, share_spent, forecast, "
    "forecast_share, state, days_missing"
)

_ROWS = f"select {COLUMNS} from {{view}} order by line"

_NEWEST_MONTH = "select max(month) from {view}"

_FIRST_DAYS = "select min(date) from {view} group by account"


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
    """All budgets of a month, in the order of their file.

    `month` is None where nothing is loaded. `others` counts those of other months.
    `first_days` are the first days that are stored, one per account.
    """

    month: date | None
    of_month: list[BudgetStatus]
    others: int
    first_days: Sequence[date] = ()

    @property
    def begins_before_history(self) -> bool:
        """Whether days of the month lie before the first stored day.

        A nightly load does not fetch them.
        """
        if self.month is None or not self.first_days:
            return False
        later = [day for day in self.first_days if day > self.month]
        within = any(_month_of(day) == self.month for day in later)
        return within or len(later) == len(self.first_days)


def read_budget_status(warehouse: Warehouse, month: date | None = None) -> Budgets:
    """The budgets of a month, else of the newest of which a day is loaded.

    Raises `NothingLoadedError` where the views are not built.
    """
    try:
        with warehouse.client() as client:
            with client.with_alternative_dataset_name(warehouse.marts):
                months = client.make_qualified_table_name("month_days")
                days = client.make_qualified_table_name("fetched_days")
                budgets = client.make_qualified_table_name("budget_status")
            newest = client.execute_sql(_NEWEST_MONTH.format(view=months)) or ()
            firsts = client.execute_sql(_FIRST_DAYS.format(view=days)) or ()
            rows = client.execute_sql(_ROWS.format(view=budgets)) or ()
    except DatabaseUndefinedRelation as error:
        raise NothingLoadedError(
            f"{warehouse.location} lacks views: build them first"
            " (`ccwarehouse transform`)"
        ) from error
    shown = month or next((row[0] for row in newest), None)
    every = [BudgetStatus(*row) for row in rows]
    of_month = [budget for budget in every if budget.month == shown]
    first_days = [row[0] for row in firsts]
    return Budgets(shown, of_month, len(every) - len(of_month), first_days)


def _month_of(day: date) -> date:
    return day.replace(day=1)
