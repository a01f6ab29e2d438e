"""What the commands have in common: days, warehouses and exit codes, as words."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])

EXIT_CODES = """
\b
Exit codes:
    0  all wanted days are in
    1  a bug, with its traceback
    2  wrong usage
    3  credentials or configuration
    4  some days failed or are missing, the others are in
    5  the warehouse could not be reached or refused
  130  interrupted; what was in stays in
"""


class IsoDate(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The day, or a usage error that says the right form."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is no day. Write it as YYYY-MM-DD.", param, ctx)


def warehouse_options(command: F) -> F:
    """The options that say where the data lies."""
    for option in (
        click.option(
            "--dataset", default="claude_code", show_default=True, help="Dataset."
        ),
        click.option(
            "--database",
            type=click.Path(dir_okay=False, path_type=Path),
            default="ccwarehouse.duckdb",
            show_default=True,
            help="DuckDB file.",
        ),
        click.option(
            "--destination",
            default="duckdb",
            show_default=True,
            help="Destination of dlt: duckdb, postgres, bigquery, ...",
        ),
    ):
        command = option(command)
    return command
