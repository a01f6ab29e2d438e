"""Wrong usage that several commands refuse before they begin."""

from datetime import date
from pathlib import Path

import click

from ..output import Output


def require_order(start: date | None, end: date | None) -> None:
    """End where the last day is before the first one."""
    if start and end and start > end:
        message = f"--start {start} is after --end {end}. Swap them."
        raise click.UsageError(message)


def require_out(output: Output, out: Path | None) -> None:
    """End where the output would mix with the object of --json."""
    if output.as_json and out is None:
        message = "With --json the output needs a file of its own. Name it: --out."
        raise click.UsageError(message)
