"""`ccwarehouse export`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import Format, NewOrOldFile, json_option, warehouse_options
from ..output import Output
from .opened import errors_explained, opened_warehouse
from .usage import require_out

if TYPE_CHECKING:
    from claude_code_marts import Model

    from ..export.formats import Writer
    from ..warehouses import Warehouse


@click.command(epilog=as_help())
@click.argument("view", required=False)
@click.option(
    "--format",
    "form",
    type=Format(),
    help="As the ending of --out says, else csv.",
)
@click.option(
    "--out",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="File to write or replace; unset, stdout.",
)
@json_option
@warehouse_options
@click.pass_obj
def export(
    output: Output,
    view: str | None,
    form: str | None,
    out: Path | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Write the rows of VIEW as CSV, Parquet or lines of JSON.

    Without VIEW, lists the views. Rows come in the order of the view's grain. Needs no
    key.
    """
    with frozen_imports():
        from ..export import FORMATS, format_of, require_target, view_named
        from ..words.export import end_of_export, end_of_list

    if view is None:
        if form or out:
            raise click.UsageError("Name a view. List all: ccwarehouse export")
        return end_of_list()
    with errors_explained(""):
        form = format_of(out, form)
    _require_way_out(output, form, out)
    with errors_explained(""):
        model = view_named(view)
        if out:
            require_target(out, database)
    with opened_warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        count = _export(warehouse, model, FORMATS[form], out)
    return end_of_export(view, form, count, out)


def _require_way_out(output: Output, form: str, out: Path | None) -> None:
    if out:
        return
    require_out(output, out)
    if form == "parquet" and sys.stdout.isatty():
        message = "Parquet is no text for a terminal. Name a file: --out."
        raise click.UsageError(message)


def _export(warehouse: Warehouse, view: Model, write: Writer, out: Path | None) -> int:
    """The number of rows written, also if their reader stopped before the end."""
    from ..export import ReaderGoneError, file_sink, stdout_sink, write_view

    if out:
        with file_sink(out) as sink:
            return write_view(warehouse, view, write, sink)
    try:
        return write_view(warehouse, view, write, stdout_sink())
    except ReaderGoneError:
        return 0
