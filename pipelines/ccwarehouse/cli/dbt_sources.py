"""`ccwarehouse dbt-sources`."""

from __future__ import annotations

from pathlib import Path

import click

from ..end import End
from ..exit_codes import as_help
from ..gc_freeze import frozen_imports
from ..options import NewOrOldFile, json_option, warehouse_options
from ..output import Output
from .opened import errors_explained, opened_warehouse
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
    """Write the tables and views of the dataset as sources for dbt.

    They have descriptions and tests. Needs no key.
    """
    require_out(output, out)
    with frozen_imports():
        from ..dbt_sources import as_yaml, sources, text_sink
        from ..export import require_target
        from ..warehouses import dialect_for
        from ..words.dbt_sources import end_of_dbt_sources

    if out:
        with errors_explained(""):
            require_target(out, database)
    with opened_warehouse(
        output, destination, database, dataset, read_only=True
    ) as warehouse:
        engine, loaded = warehouse.engine, warehouse.loaded_schemas()
    document = sources(warehouse.dataset, engine.catalog, dialect_for(engine), loaded)
    with errors_explained(""), text_sink(out) as sink:
        sink.write(as_yaml(document))
    return end_of_dbt_sources(document, out)
