"""`ccwarehouse transform`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import json_option, wait_option, warehouse_options
from ..output import Output
from .opened import opened_warehouse


@click.command(epilog=as_help())
@click.option("--check", is_flag=True, help="Also run the checks of the data.")
@click.option("--full", is_flag=True, help="Also refill the stored marts.")
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def transform(
    output: Output,
    check: bool,
    full: bool,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Rebuild the views over the loaded data."""
    with frozen_imports():
        from ..words.checks import end_of_transform, failure_as_lines

    with opened_warehouse(output, destination, database, dataset, wait) as warehouse:
        names = warehouse.build_views(everything=full)
        failures = warehouse.check_views() if check else None
    for failure in failures or []:
        for line in failure_as_lines(failure):
            output.remark(line)
    return end_of_transform(names, failures, warehouse.marts)
