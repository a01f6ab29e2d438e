"""What a load writes at its end: the copy, the page and the metrics."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..output import Output
from .opened import errors_explained, patience_of

if TYPE_CHECKING:
    from ..warehouses import Warehouse
    from ..warehouses.other import Engine


def require_targets(
    engine: Engine,
    dataset: str,
    publish: Path | None,
    page: Path | None,
    metrics: Path | None,
) -> None:
    """End before the load if one of its files could not be written afterwards."""
    from ..export import require_target
    from ..metrics import require_metrics_file

    if publish:
        with errors_explained(str(publish)):
            engine.require_copy(publish, dataset)
    if page:
        with errors_explained(str(page)):
            require_target(page, engine.database, option="--report")
    if metrics:
        others = {
            "--database": engine.database,
            "--publish": publish,
            "--report": page,
        }
        with errors_explained(str(metrics)):
            require_metrics_file(metrics, others)


def write_page(
    output: Output,
    warehouse: Warehouse,
    account: str | None,
    page: Path,
    *,
    quiet: bool,
) -> None:
    """The page of the month after a load, also after one with failed days.

    Without `account` there are several, and the page is of the one `report` takes.
    """
    from ..report import Request, UnknownAccountError, write_report

    try:
        written = write_report(warehouse, Request(account=account), page)
    except UnknownAccountError:  # not one day of it is in
        written = write_report(warehouse, Request(), page)
    if not quiet:
        whose = f" of account {written.account}" if account is None else ""
        output.say(f"The report{whose} is in {page}.")


def publish_copy(
    output: Output, engine: Engine, target: Path, wait: int, *, quiet: bool
) -> None:
    """Put a copy of the database in place for readers."""
    with errors_explained(engine.place):
        engine.copy(target, patience_of(output, engine.place, wait))
    if not quiet:
        output.say(f"Copied to {target} for readers.")
