"""`ccwarehouse forget`."""

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
@click.argument("actor")
@click.option("--dry-run", is_flag=True, help="Say what there is; change nothing.")
@click.option(
    "--drop-rows",
    is_flag=True,
    help="Drop the person's rows, so that totals shrink, instead of making them "
    "nameless.",
)
@wait_option
@json_option
@warehouse_options
@click.pass_obj
def forget(
    output: Output,
    actor: str,
    dry_run: bool,
    drop_rows: bool,
    wait: int,
    destination: str,
    database: Path,
    dataset: str,
) -> End:
    """Remove a person: the email, or the name of an API key, is ACTOR.

    The rows become a nameless actor's, summed with others of it, in every account. So
    all totals of the organisation stay. Later loads keep the person out. At the end the
    whole dataset is searched for the name; of DuckDB the file is written anew, and
    searched too. Copies made before still have the name. Needs no key.
    """
    with frozen_imports():
        from claude_code_analytics import CLAUDE_CODE

        from ..privacy import resolve_privacy
        from ..warehouses import engine_of
        from ..words.privacy import end_of_forget, end_of_forget_dry_run

    with errors_explained("The configuration"):
        secret = resolve_privacy().secret
        name = _name(actor)
    engine = engine_of(destination, database)
    require_database(engine)
    where = (output, destination, database, dataset, wait)
    if dry_run:
        with opened_warehouse(*where, read_only=True) as warehouse:
            warehouse.require_loaded()
            found = warehouse.people(CLAUDE_CODE, secret).traces(name)
            return end_of_forget_dry_run(found.counts, found.days, warehouse.location)
    with opened_warehouse(*where, sole_writer=True) as warehouse:
        warehouse.require_loaded()
        people = warehouse.people(CLAUDE_CODE, secret)
        found, days = people.forget(name, drops=drop_rows)
    with errors_explained(engine.place):
        engine.compact(patience_of(output, engine.place, wait))
    with opened_warehouse(*where, read_only=True) as warehouse:
        people = warehouse.people(CLAUDE_CODE, secret)
        left = people.find(name)
        others = people.namesakes(name)
        location = warehouse.location
    held = engine.holds_bytes(name, others) if "@" in name else None
    end = end_of_forget(found.counts, days, left, held, location, drops=drop_rows)
    if end.error:
        output.remark(end.error)
    return end


def _name(actor: str) -> str:
    name = actor.strip()
    if not name:
        raise click.UsageError("ACTOR is empty. Name an email or an API key's name.")
    return name
