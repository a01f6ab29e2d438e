"""The options that commands share, and the types of their values."""

import os
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])


class IsoDate(click.ParamType[date]):
    """A day as YYYY-MM-DD."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The day, or a usage error that shows the right form."""
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a day. Write it as YYYY-MM-DD.", param, ctx)


class IsoMonth(click.ParamType[date]):
    """A month as YYYY-MM: its first day."""

    name = "month"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The month, or a usage error that shows the right form."""
        try:
            if re.fullmatch("[0-9]{4}-[0-9]{2}", str(value)):
                return date.fromisoformat(f"{value}-01")
        except ValueError:
            pass
        self.fail(f"{value!r} is not a month. Write it as YYYY-MM.", param, ctx)


class Format(click.Choice[str]):
    """A format of `export`. Their list is in a module that imports Arrow."""

    def __init__(self) -> None:
        super().__init__(["csv", "parquet", "json"])


class NewOrOldFile(click.Path):
    """A file that need not exist. A path that ends with a slash is a folder."""

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Any:  # noqa: ANN401 - as click has it
        """The path, or a usage error."""
        if str(value).endswith(("/", os.sep)):
            self.fail(f"{str(value)!r} is a folder. Name a file.", param, ctx)
        return super().convert(value, param, ctx)


def account_option(command: F) -> F:
    """`--account`, for commands that know several."""
    return click.option(
        "--account", metavar="NAME", help="Only this account; unset, all of them."
    )(command)


def json_option(command: F) -> F:
    """`--json`; the group `Commands` reads it, so no command has to."""
    return click.option(
        "--json",
        is_flag=True,
        expose_value=False,
        help="Print one JSON object on stdout, all else on stderr.",
    )(command)


def log_format_option(command: F) -> F:
    """`--log-format`; the group `Commands` reads it, so no command has to."""
    return click.option(
        "--log-format",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        expose_value=False,
        help="What goes to stderr: lines, or one JSON event a line.",
    )(command)


def wait_option(command: F) -> F:
    """`--wait`, for commands that write."""
    return click.option(
        "--wait",
        type=click.IntRange(0),
        default=300,
        show_default=True,
        metavar="SECONDS",
        help="Wait this long for a program that holds the warehouse.",
    )(command)


def warehouse_options(command: F) -> F:
    """The options that say where the data is."""
    for option in (
        click.option(
            "--dataset", default="claude_code", show_default=True, help="Dataset."
        ),
        click.option(
            "--database",
            type=NewOrOldFile(dir_okay=False, path_type=Path),
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
