"""The shape of a dataset: a number for the form of its tables.

A dataset keeps the number as a fact, beside the version of the ccwarehouse that wrote
it last. A load converts an older dataset before it reads it. All other commands refuse
it and ask for that load. Every command refuses a newer dataset.

To change a table that loads write: add a `Step` that leads to the next number, and keep
a file of the shape before it in tests/shapes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from typing import Final

from dlt.destinations.exceptions import DatabaseUndefinedRelation

from whole_days.ledger_tables import DAY_FETCHES

from .errors import CopyError, NewerShapeError, OlderShapeError, OtherShapeError
from .facts import read_facts, write_fact
from .other import Client
from .statements import make_dataset, transaction_of_ddl

FIRST: Final = 1
SHAPE_FACT: Final = "shape"
VERSION_FACT: Final = "version"
UNFINISHED: Final = "unfinished_copy"

HALF: Final = (
    "A copy into dataset {dataset} has not ended. Make it again, with the same options "
    "(ccwarehouse copy)."
)

# dlt adds columns that its stored schema has and a table lacks, also dropped ones. It
# stores the schema anew with the next package.
OF_SCHEMA: Final = ("_dlt_version", "_dlt_pipeline_state")


@dataclass(frozen=True)
class Step:
    """The way from one shape to the next, which `shape` numbers.

    `statements` gives SQL for an engine. A warehouse without transactions for DDL may
    run them again after a kill, so each must allow being repeated (`if not exists`).
    """

    shape: int
    statements: Callable[[Client], Sequence[str]]


STEPS: Final[list[Step]] = []


def own_shape() -> int:
    """The shape that this version writes."""
    return STEPS[-1].shape if STEPS else FIRST


@cache
def own_version() -> str:
    """The version of this package."""
    return version("ccwarehouse")


def require_own_shape(client: Client) -> None:
    """Raise an `OtherShapeError` unless the dataset has this version's shape.

    A dataset that holds nothing has any shape. Raise `CopyError` for half a copy.
    """
    facts = read_facts(client)
    if UNFINISHED in facts:
        raise CopyError(HALF.format(dataset=client.dataset_name))
    shape = _shape(client, facts)
    if shape is not None and shape < own_shape():
        raise OlderShapeError(client.dataset_name, facts.get(VERSION_FACT))


def bring_over(client: Client) -> None:
    """Give an older dataset this version's shape, in one transaction.

    A warehouse without transactions for DDL goes step by step, each noted at its end:
    after a kill the next load repeats the last one. Raises `OtherShapeError` for a
    dataset that cannot be brought over.
    """
    facts = read_facts(client)
    shape = _shape(client, facts)
    if shape is None:
        return
    with transaction_of_ddl(client):
        for step in STEPS:
            if step.shape > shape:
                _take(client, step)
        _note(client, facts)


def note_shape(client: Client) -> None:
    """Write down shape and version: of a new dataset, before it has a table."""
    make_dataset(client)
    _note(client, read_facts(client))


def _note(client: Client, facts: Mapping[str, str]) -> None:
    """Write those facts that differ from the stored ones."""
    ours = {SHAPE_FACT: str(own_shape()), VERSION_FACT: own_version()}
    for name, value in ours.items():
        if facts.get(name) != value:
            write_fact(client, name, value)


def _take(client: Client, step: Step) -> None:
    for statement in step.statements(client):
        client.execute_sql(statement)
    for table in OF_SCHEMA:
        path = client.make_qualified_table_name(table)
        client.execute_sql(f"delete from {path} where true")  # BigQuery wants a where
    write_fact(client, SHAPE_FACT, str(step.shape))


def _shape(client: Client, facts: Mapping[str, str]) -> int | None:
    """The shape of the dataset; None if nothing is loaded. Raises `OtherShapeError`.

    Datasets from before the first release have no number: 0. They are those of the
    first shape, or they lack a column of the ledger.
    """
    shape = int(facts.get(SHAPE_FACT, 0))
    if shape > own_shape():
        raise NewerShapeError(client.dataset_name, facts.get(VERSION_FACT))
    if shape == own_shape():
        return shape
    columns = _columns_of_ledger(client)
    if columns is None:
        return None
    if shape:
        return shape
    for column in DAY_FETCHES.columns:
        if column.name not in columns:
            raise OtherShapeError(client.dataset_name, column.name)
    return 0


def _columns_of_ledger(client: Client) -> set[str] | None:
    path = client.make_qualified_table_name(DAY_FETCHES.name)
    try:
        with client.execute_query(f"select * from {path} where 1 = 0") as cursor:
            return {column[0] for column in cursor.description}
    except DatabaseUndefinedRelation:
        return None
