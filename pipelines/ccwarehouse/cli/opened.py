"""The warehouse of a command, with its errors in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ..gc_freeze import frozen_imports
from ..output import EndedError, Output

if TYPE_CHECKING:
    from ..warehouses import Patience, Warehouse
    from ..warehouses.other import Engine


@contextmanager
def opened_warehouse(
    output: Output,
    destination: str,
    database: Path,
    dataset: str,
    wait: int = 0,
    **access: bool,
) -> Iterator[Warehouse]:
    """The warehouse of the options. Its errors become one line and an exit code."""
    with frozen_imports():
        from ..warehouses import engine_of, open_warehouse

    location = engine_of(destination, database).place
    with (
        errors_explained(location),
        open_warehouse(
            destination,
            database,
            dataset,
            patience=patience_of(output, location, wait),
            **access,
        ) as warehouse,
    ):
        if warehouse.remark:
            output.remark(warehouse.remark)
        yield warehouse


def require_database(engine: Engine) -> None:
    """End where there is nothing to change: a writer would create a database."""
    with errors_explained(engine.place):
        engine.require()


def patience_of(output: Output, location: str, wait: int) -> Patience:
    """Wait so many seconds for another program, and say for whom."""
    from ..warehouses import Patience

    return Patience(wait, lambda said: output.remark(f"{location} is in use: {said}"))


@contextmanager
def errors_explained(location: str) -> Iterator[None]:
    """Errors that a person can fix become one line and an exit code."""
    from ..problems import explain

    try:
        yield
    except Exception as error:
        problem = explain(error, location)
        if problem is None:
            raise
        raise EndedError(
            problem.code, problem.line, problem.more, problem.facts
        ) from None
