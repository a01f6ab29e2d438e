"""The command line: arguments become calls, errors become exit codes.

A module here is a command, or what commands share. Only these modules, `output`,
`options`, the demo and `words.progress` know the terminal (tests/test_architecture.py
checks this).

Modules that need dlt or rich are imported inside functions, because dlt takes a second
to import: `--help` and usage errors answer at once.
"""

import os
import warnings

import click

from ..environment import prepare
from ..exit_codes import as_help
from ..output import PACKAGE, Commands
from .budgets import budgets
from .copy import copy
from .dbt_sources import dbt_sources
from .demo import demo, fake_api
from .doctor import doctor
from .export import export
from .forget import forget
from .load import load
from .pseudonymise import pseudonymise
from .report import report
from .status import status
from .transform import transform

__all__ = ["main"]

HELP = {"max_content_width": 88, "help_option_names": ["-h", "--help"]}


@click.group(cls=Commands, epilog=as_help(), context_settings=HELP)
@click.version_option(package_name=PACKAGE)
def main() -> None:
    """Claude Code usage in your warehouse, exact to the day."""
    prepare(os.environ)
    # BigQuery's client recommends a faster way to read, which is not needed here
    warnings.filterwarnings("ignore", "Cannot create BigQuery Storage client")


for command in (
    *(load, transform, status, doctor, copy),
    *(report, export, budgets, dbt_sources),
    *(forget, pseudonymise),
    *(demo, fake_api),
):
    main.add_command(command)
