"""`ccwarehouse doctor`."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import account_option, json_option, warehouse_options
from ..output import Output
from .opened import errors_explained


@click.command(epilog=as_help())
@account_option
@json_option
@warehouse_options
@click.pass_obj
def doctor(
    output: Output,
    account: str | None,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Check all that a load needs, and say how to fix what does not work.

    Makes at most a dozen calls to the API per account, writes a test table to the
    warehouse and removes it, and rebuilds the views. Ends with the code of what to fix
    first: 2 for impossible names, 3 for settings, key and secrets.toml, 5 for the
    warehouse and its views, 4 for what may pass by itself or be intended (the API does
    not answer, there is no recent data, the clock is wrong); 0 when everything works.
    """
    with frozen_imports():
        from claude_code_analytics import resolve_accounts

        from ..doctor import dlt_folders, examine
        from ..words.doctor import end_of_doctor

    findings = []
    with errors_explained("This machine"):
        configure = partial(resolve_accounts, account)
        for finding in examine(
            configure,
            destination,
            database,
            dataset,
            folders=dlt_folders(),
            reports=_reports,
        ):
            findings.append(finding)
            color = {"ok": "green", "problem": "red"}.get(finding.verdict, "yellow")
            verdict = click.style(f"{finding.verdict:7}", fg=color)
            output.say(f"{verdict}  {finding.check:12}  {finding.text}")
    return end_of_doctor(findings)


def _reports() -> list[str]:
    """The names of the further reports. Teams from tags must have the directory."""
    from ..inputs import resolve_file_settings
    from ..neighbours import require_directory, resolve_neighbours

    names = resolve_neighbours()
    require_directory(resolve_file_settings().tag, names)
    return names
