"""`ccwarehouse report`."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import click

from ..end import End
from ..exit_codes import ExitCode, as_help
from ..gc_freeze import frozen_imports
from ..options import IsoDate, IsoMonth, NewOrOldFile, json_option, warehouse_options
from ..output import EndedError, Output
from .opened import errors_explained, opened_warehouse
from .usage import require_order


@click.command(epilog=as_help())
@click.option(
    "--month", type=IsoMonth(), help="The UTC month; unset, the newest worth reading."
)
@click.option("--start", type=IsoDate(), help="First UTC day, instead of a month.")
@click.option("--end", type=IsoDate(), help="Last UTC day, included.")
@click.option("--account", help="The account, where several are loaded.")
@click.option("--title", help="Stands on the page instead of the organisation.")
@click.option("--no-names", is_flag=True, help="Number people instead of naming them.")
@click.option(
    "--out",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    default="report.html",
    show_default=True,
    help="File to write or replace.",
)
@click.option(
    "--png",
    type=click.Path(path_type=Path),
    help="Folder for a PNG and an SVG of each chart; needs the extra png.",
)
@json_option
@warehouse_options
@click.pass_obj
def report(
    output: Output,
    month: date | None,
    start: date | None,
    end: date | None,
    account: str | None,
    title: str | None,
    no_names: bool,
    out: Path,
    png: Path | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Write a page of a month: cost, use and acceptance.

    The page is one HTML file that fetches nothing. It shows the running month from its
    seventh complete day on, before that the last full one. Needs no key.
    """
    _require_days(month, start, end)
    with frozen_imports():
        from ..export import require_target
        from ..report import PictureError, Request, require_pictures, write_report
        from ..words.report import end_of_report, remarks

    with errors_explained(""):
        require_target(out, database)
        try:
            if png:
                require_pictures(png)
        except PictureError as error:
            raise EndedError(ExitCode.CONFIGURATION, str(error)) from None
    with opened_warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        written = write_report(
            warehouse,
            Request(month, start, end, account),
            out,
            title=title,
            has_names=not no_names,
            pictures=png,
        )
    for remark in remarks(written):
        output.remark(remark)
    return end_of_report(written)


def _require_days(month: date | None, start: date | None, end: date | None) -> None:
    if month and (start or end):
        raise click.UsageError("Name a month or days: --month, or --start and --end.")
    require_order(start, end)
