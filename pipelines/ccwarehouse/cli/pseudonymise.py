"""`ccwarehouse pseudonymise`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import json_option, wait_option, warehouse_options
from ..output import Output
from .opened import (
    errors_explained,
    opened_warehouse,
    patience_of,
    require_database,
)


@click.command(epilog=as_help())
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def pseudonymise(
    output: Output,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Replace all names of a dataset by pseudonyms.

    Needs `pseudonymise = true` and a `pseudonym_secret`, as each later load does. The
    secret cannot be changed, and names cannot be brought back: back up first. If it is
    interrupted, no load runs before it is run again. Needs no key.
    """
    with frozen_imports():
        from claude_code_analytics import CLAUDE_CODE

        from ..privacy import require_secret, resolve_privacy
        from ..warehouses import engine_of
        from ..words.privacy import end_of_pseudonymise

    with errors_explained("The configuration"):
        secret = require_secret(resolve_privacy())
    engine = engine_of(destination, database)
    require_database(engine)
    where = (output, destination, database, dataset, wait)
    with opened_warehouse(*where, sole_writer=True) as warehouse:
        warehouse.require_loaded()
        days = warehouse.people(CLAUDE_CODE, secret).pseudonymise()
    with errors_explained(engine.place):
        engine.compact(patience_of(output, engine.place, wait))
    with opened_warehouse(*where, read_only=True) as warehouse:
        left = warehouse.people(CLAUDE_CODE, secret).find_emails()
        end = end_of_pseudonymise(days, left, warehouse.location)
    if end.error:
        output.remark(end.error)
    return end
