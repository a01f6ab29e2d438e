"""`ccwarehouse budgets`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import IsoMonth, account_option, json_option, warehouse_options
from ..output import Output
from .opened import opened_warehouse


@click.command(epilog=as_help())
@click.option(
    "--month", type=IsoMonth(), help="The UTC month; unset, the newest one loaded."
)
@account_option
@json_option
@warehouse_options
@click.pass_obj
def budgets(
    output: Output,
    month: date | None,
    account: str | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Say how far the budgets of a month are spent.

    Ends with 6 when one is over. Money is the API's estimate of the cost. With
    --account it is the account's own budgets: those of teams and users count in all
    accounts. Needs no key.
    """
    with frozen_imports():
        from ..budgets import read_budget_status
        from ..words.budgets import end_of_budgets

    with opened_warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        found = read_budget_status(warehouse, month, account)
    return end_of_budgets(found, warehouse.location)
