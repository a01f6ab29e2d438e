"""`ccwarehouse status`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import account_option, json_option, warehouse_options
from ..output import Output
from .opened import errors_explained, opened_warehouse


@click.command(epilog=as_help())
@click.option(
    "--max-age",
    type=click.IntRange(1),
    metavar="HOURS",
    help="Also end with 4 when the newest final day ended more hours ago.",
)
@account_option
@json_option
@warehouse_options
@click.pass_obj
def status(
    output: Output,
    max_age: int | None,
    account: str | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Say what is stored, what is missing and what the next load would do.

    Ends with 4 when a day failed, is not whole or was never fetched, or when the newest
    final day is older than --max-age, otherwise with 0. Provisional days are not
    missing: the next load fetches them again. A stored day that could not be fetched
    again is not missing either, if it is within the lookback and was fetched in the
    last 48 hours. Needs no key.
    """
    with frozen_imports():
        from claude_code_analytics import CLAUDE_CODE, resolve_accounts
        from whole_days.clock import utc_now

        from ..status import read_statuses
        from ..words.status import all_remarks, end_of_status

    with errors_explained("The configuration"):
        configured = resolve_accounts()
    with opened_warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        found = read_statuses(
            warehouse, CLAUDE_CODE, configured, utc_now(), account, max_age
        )
    for remark in all_remarks(found):
        output.remark(remark)
    return end_of_status(found, warehouse.location)
