"""`ccwarehouse copy`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..exit_codes import ExitCode, as_help
from ..gc_freeze import frozen_imports
from ..options import NewOrOldFile, json_option, wait_option, warehouse_options
from ..output import Output
from .opened import errors_explained, opened_warehouse

SAME = (
    "The copy would be what it is a copy of. Name another warehouse with --to, another "
    "file with --to-database or, on a server, another dataset with --to-dataset."
)


@click.command(epilog=as_help())
@click.option(
    "--to",
    "target",
    required=True,
    metavar="DESTINATION",
    help="Where to copy: duckdb, postgres, bigquery, ...",
)
@click.option(
    "--to-database",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    default="ccwarehouse.duckdb",
    show_default=True,
    help="DuckDB file to copy into.",
)
@click.option("--to-dataset", help="Dataset to copy into; unset, of the same name.")
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def copy(
    output: Output,
    target: str,
    to_database: Path,
    to_dataset: str | None,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Copy all that is stored into another warehouse, where loads then go on.

    Tables, ledger, teams, budgets and all accounts are copied exactly, and the views
    are built. The dataset to copy into must not hold anything yet. A copy that was
    killed does not count: make it again. Needs no key.
    """
    with frozen_imports():
        from ..interrupt import run_interruptibly
        from ..warehouses import copy_dataset, engine_of
        from ..words.copy import INTERRUPTED, end_of_copy

    to_dataset = to_dataset or dataset
    with errors_explained("The configuration"):
        source = engine_of(destination, database).whole(dataset)
        if source == engine_of(target, to_database).whole(to_dataset):
            raise click.UsageError(SAME)
    with opened_warehouse(
        output, destination, database, dataset, wait, is_still=True
    ) as stored:
        with stored.client():  # raises before the target's file is made
            pass
        with opened_warehouse(
            output, target, to_database, to_dataset, wait, sole_writer=True
        ) as empty:

            def farewell() -> None:
                output.remark(INTERRUPTED)
                output.end(End(ExitCode.INTERRUPTED, INTERRUPTED))

            rows = run_interruptibly(
                lambda: copy_dataset(stored, empty),
                farewell,
                empty.pipeline.pipelines_dir,
            )
            return end_of_copy(rows, stored.location, empty.location)
