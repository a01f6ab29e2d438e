"""`ccwarehouse dbt-sources`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import NewOrOldFile, json_option, warehouse_options
from ..output import Output
from .opened import errors_explained
from .usage import require_out


@click.command("dbt-sources", epilog=as_help())
@click.option(
    "--out",
    type=NewOrOldFile(dir_okay=False, path_type=Path),
    help="YAML file to write or replace; unset, stdout.",
)
@json_option
@warehouse_options
@click.pass_obj
def dbt_sources(
    output: Output, out: Path | None, destination: str, database: Path, dataset: str
) -> End:
    """Write the tables and views as sources for dbt.

    They have descriptions and tests. Opens no warehouse and needs no key.
    """
    require_out(output, out)
    with frozen_imports():
        from ..dbt_sources import as_yaml, sources, text_sink
        from ..export import require_target
        from ..warehouses import dialect_for, engine_of
        from ..words.dbt_sources import end_of_dbt_sources

    engine = engine_of(destination, database)
    with errors_explained(destination):
        name = engine.stored_name(dataset)
        if out:
            require_target(out, database)
        document = sources(name, engine.catalog, dialect_for(engine))
        with text_sink(out) as sink:
            sink.write(as_yaml(document))
    return end_of_dbt_sources(document, out)
