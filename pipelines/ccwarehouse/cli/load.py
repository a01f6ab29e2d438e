"""`ccwarehouse load`."""

from __future__ import annotations

from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from whole_days.clock import utc_now

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import (
    IsoDate,
    NewOrOldFile,
    account_option,
    json_option,
    log_format_option,
    wait_option,
    warehouse_options,
)
from ..output import Output
from .accounts_of_load import ask_all, load_all, plan_all, remark_on_all
from .after_load import publish_copy, require_targets, write_page
from .opened import errors_explained, opened_warehouse
from .usage import require_order

if TYPE_CHECKING:
    from ..inputs import Inputs


@click.command(epilog=as_help())
@click.option("--start", type=IsoDate(), help="First UTC day of a backfill.")
@click.option("--end", type=IsoDate(), help="Last UTC day of a backfill, included.")
@click.option(
    "--lookback",
    type=click.IntRange(0),
    help="Complete days to fetch again, 3 unless set.",
)
@click.option("--include-today", is_flag=True, help="Load today as well.")
@click.option(
    "--replace-organisation",
    is_flag=True,
    help="Replace the stored days, all unless dated, by another organisation's.",
)
@click.option(
    "--concurrency", type=click.IntRange(1), help="Days in flight, 4 unless set."
)
@click.option("--dry-run", is_flag=True, help="Say which days and why; load nothing.")
@click.option("--teams", help="CSV file, or workspace_tag:KEY: who is in which team.")
@click.option(
    "--budgets", type=click.Path(path_type=Path), help="CSV file: what may be spent."
)
@click.option(
    "--min-group-size",
    type=click.IntRange(1, 1_000_000),
    help="Active people a team needs to be shown by itself; unset, as stored.",
)
@click.option("--quiet", is_flag=True, help="Say only what needs attention.")
@click.option(
    "--publish",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="Afterwards copy the DuckDB file to this file, for readers.",
)
@click.option(
    "--report",
    "page",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="Write the page of the month here afterwards.",
)
@click.option(
    "--metrics",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="At the end write Prometheus metrics to this file, also when the load fails.",
)
@account_option
@log_format_option
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def load(
    output: Output,
    start: date | None,
    end: date | None,
    lookback: int | None,
    include_today: bool,
    replace_organisation: bool,
    concurrency: int | None,
    dry_run: bool,
    teams: str | None,
    budgets: Path | None,
    min_group_size: int | None,
    quiet: bool,
    publish: Path | None,
    page: Path | None,
    metrics: Path | None,
    account: str | None,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Load the days that the warehouse lacks, or the given days.

    Without dates this is the nightly load. It fetches every day that is missing, failed
    or provisional, and the last few days again, because the API may restate them. With
    dates it is a backfill of exactly these days. Teams and budgets are loaded as well.
    Needs an Admin API key in ANTHROPIC_ADMIN_KEY. Several accounts are loaded one after
    another.
    """
    _require_range(start, end, utc_now().date())
    with frozen_imports():
        from claude_code_analytics import CLAUDE_CODE, resolve_accounts

        from ..accounts import begin
        from ..inputs import Inputs, private_file
        from ..load import Request
        from ..metrics import write_metrics
        from ..neighbours import require_directory, resolve_neighbours
        from ..privacy import resolve_privacy
        from ..run import Runs
        from ..warehouses import engine_of
        from ..words.accounts import end_of_loads

    engine = engine_of(destination, database)
    with errors_explained(destination):
        engine.stored_name(dataset)
    require_targets(engine, dataset, publish, page, metrics)
    runs = Runs(CLAUDE_CODE.name)
    if metrics and not dry_run:
        output.watchers.append(partial(write_metrics, metrics, runs, output.remark))
    request = Request(start, end, include_today, replace_organisation)
    with errors_explained("The configuration"):
        settings = resolve_accounts(account, lookback=lookback, concurrency=concurrency)
        neighbours = resolve_neighbours()
        accounts = begin(settings, runs, neighbours)
        output.name(runs.account, runs.report, quiet=quiet)
        private = resolve_privacy()
        hides_names = private.secret is not None
        inputs = _inputs(teams, budgets, min_group_size, hides_names=hides_names)
        require_directory(inputs.tag, neighbours)
        if not dry_run:
            ask_all(output, accounts, quiet=quiet)
    if all(each.problem for each in accounts):
        remark_on_all(output, accounts)
        return end_of_loads(accounts, engine.place, quiet=quiet)
    access = {"read_only": True} if dry_run else {"sole_writer": True}
    with opened_warehouse(
        output, destination, database, dataset, wait, **access
    ) as warehouse:
        privacy = warehouse.privacy(private.secret, begins=not dry_run)
        files = [private_file(file, privacy) for file in inputs.files]
        inputs = Inputs(files, inputs.tag)
        if dry_run:
            return plan_all(warehouse, request, accounts, inputs)
        given = (request, accounts, inputs, privacy, private)
        load_all(output, warehouse, *given, quiet=quiet)
        remark_on_all(output, accounts)
        if page:
            write_page(output, warehouse, runs.account, page, quiet=quiet)
    if publish:
        publish_copy(output, engine, publish, wait, quiet=quiet)
    return end_of_loads(accounts, warehouse.location, quiet=quiet)


def _require_range(start: date | None, end: date | None, today: date) -> None:
    require_order(start, end)
    for name, day in (("--start", start), ("--end", end)):
        if day and day > today and (name == "--start" or start is None):
            message = (
                f"{name} {day} is in the future. The last possible day is {today}."
            )
            raise click.UsageError(message)


def _inputs(
    teams: str | None,
    budgets: Path | None,
    min_group_size: int | None,
    *,
    hides_names: bool,
) -> Inputs:
    """What is named in the options or in the configuration."""
    from ..inputs import read_files, resolve_file_settings

    settings = resolve_file_settings(
        teams=teams, budgets=budgets, min_group_size=min_group_size
    )
    if min_group_size and not settings.teams:
        message = "--min-group-size is loaded with the teams. Name them: --teams."
        raise click.UsageError(message)
    return read_files(settings, hides_names=hides_names)
