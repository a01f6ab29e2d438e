"""The queries of stored marts: of some rows, before a commit, or as a check."""

from functools import cache
from typing import Final

from claude_code_marts import RAW, Kind, Model, materialised, render_flat

from ..reports import all_tables
from .other import Client
from .replaced_rows import Rows
from .stored_names import as_stored, table_name

LOADS: Final = "_dlt_loads"  # dlt's table of committed loads

# These stand for the conditions, and for the load, in a query that is rendered once.
DAYS: Final = "condition_on_days"
MONTHS: Final = "condition_on_months"
LOAD: Final = "load_to_commit"

# A load's own rows count for marts that it stores, though it is not committed yet.
PENDING: Final = {
    LOADS: "select load_id, status from {table}"
    f" union all select '{LOAD}' as load_id, 0 as status"
}

STORED_CHECK: Final = """\
-- Claim: the stored rows of {name} are those of its query.
with

asked as (

    {query}

),

stored as (

    select {columns} from {table}

),

different as (

    (select * from asked except select * from stored)

    union all

    (select * from stored except select * from asked)

)

select * from different
"""


def stored_checks() -> list[Model]:
    """The checks that each stored mart holds what its query gives.

    A mart that reads others is compared with the query over their stored rows, which
    have checks of their own.
    """
    views = materialised()
    return [
        Model(
            f"checks/{view.name}_is_stored.sql",
            STORED_CHECK.format(
                name=view.name,
                query=render_flat(
                    view, "duckdb", raw=RAW, instead=_stored(materialised())
                ),
                columns=", ".join(view.columns),
                table=f"{RAW}.{table_name(view)}",
            ),
        )
        for view in views
    ]


def query_of(
    client: Client, view: Model, rows: Rows, load_id: str | None = None
) -> str:
    """The query of some rows of a mart, over raw tables and tables of other marts."""
    query = _query_of_parts(
        view,
        str(client.capabilities.sqlglot_dialect),
        client.fully_qualified_dataset_name(),
        is_pending=load_id is not None,
    )
    if view.kind is Kind.ONWARD:  # what it reads of the window before is not replaced
        query = f"select * from ({query}) as computed where {rows.replaced}"
    return (
        query.replace(DAYS, f"({rows.days})")
        .replace(MONTHS, f"({rows.months})")
        .replace(LOAD, load_id or "")
    )


def _query_of_parts(view: Model, dialect: str, raw: str, *, is_pending: bool) -> str:
    """The query of a mart with names in place of conditions, to be rendered once."""
    stored = materialised()
    parts = _parts(stored, is_pending=is_pending)
    return render_flat(view, dialect, raw=raw, instead=_stored(stored), parts=parts)


@cache
def _stored(views: tuple[Model, ...]) -> tuple[Model, ...]:
    return tuple(as_stored(view) for view in views)


@cache
def _parts(
    views: tuple[Model, ...], *, is_pending: bool
) -> tuple[tuple[str, str], ...]:
    """A query for each table of which a part is read."""
    columns = {name: table.schema.names for name, table in all_tables().items()} | {
        table_name(view): [*view.columns] for view in views
    }
    conditions = {
        name: DAYS if "date" in names else MONTHS
        for name, names in columns.items()
        if {"date", "month"} & {*names} and "account" in names
    }
    found = {
        name: f"select * from {{table}} where {condition}"
        for name, condition in conditions.items()
    }
    return tuple((found | (PENDING if is_pending else {})).items())
