"""What dbt is told: two sources, their tables and columns.

dbt's own tests suffice; no package is needed. The keys are those of dbt 1.10.8 and
newer: `data_tests` with `arguments`, and freshness under `config`.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from claude_code_marts import Model, models
from whole_days.ledger_tables import DAY_FETCHES, FETCH
from whole_days.table import Table

from ..reports import tables_of
from ..warehouses import Dialect, has_further, marts_name
from .data_tests import of_column, one_row_per

Entry: TypeAlias = dict[str, Any]

TABLES: Final = (
    "What Claude Code's usage report holds, and when each day of it was fetched."
)
FURTHER_TABLES: Final = (
    "What Claude Code's usage report and further reports hold, and when each day of"
    " them was fetched."
)
VIEWS: Final = "Views of Claude Code's usage: cost, adoption, teams and quality."
FURTHER_VIEWS: Final = (
    "Views of Claude Code's usage: cost, the bill, adoption, teams and quality."
)

# A nightly load fetches some days every night. `status` takes numbers for fresh for 48
# hours as well: one night may fail, two may not.
FRESHNESS: Final[Entry] = {
    "loaded_at_field": "fetched_at",
    "freshness": {
        "warn_after": {"count": 26, "period": "hour"},
        "error_after": {"count": 48, "period": "hour"},
        "filter": "status = 'complete'",
    },
}


def sources(
    dataset: str, catalog: str | None, dialect: Dialect, loaded: Collection[str] = ()
) -> Entry:
    """The whole document, for a dataset by its name in the warehouse.

    Each source is named as its schema. Without `catalog` dbt looks into the database
    that its profile names. `loaded` are the dlt schemas with a committed load: further
    reports among them bring their tables and views.
    """
    further = has_further(loaded)
    raw = _source(
        dataset,
        catalog,
        FURTHER_TABLES if further else TABLES,
        [_table(table, dataset, dialect) for table in tables_of(loaded).values()],
    )
    views = sorted(models(further=further), key=lambda view: view.name)
    marts = _source(
        marts_name(dataset),
        catalog,
        FURTHER_VIEWS if further else VIEWS,
        [_view(view, marts_name(dataset), dialect) for view in views],
    )
    return {"version": 2, "sources": [raw, marts]}


def _source(
    schema: str, catalog: str | None, description: str, tables: Sequence[Entry]
) -> Entry:
    database = {"database": catalog} if catalog else {}
    return {
        "name": schema,
        **database,
        "schema": schema,
        "description": description,
        "tables": tables,
    }


def _table(table: Table, source: str, dialect: Dialect) -> Entry:
    entry: Entry = {"name": table.name, "description": table.description}
    if table is DAY_FETCHES:
        grain = [column.name for column in FETCH]
        entry["config"] = FRESHNESS
        entry |= _tests(one_row_per(grain, f"{source}_{table.name}", dialect))
    columns = table.descriptions.items()
    return entry | {
        "columns": [
            _column(name, text, of_column(table, name, source))
            for name, text in columns
        ]
    }


def _view(view: Model, source: str, dialect: Dialect) -> Entry:
    grain = one_row_per(view.grain, f"{source}_{view.name}", dialect)
    columns: Mapping[str, str] = view.columns
    return {
        "name": view.name,
        "description": view.description,
        **_tests(grain),
        "columns": [_column(name, text) for name, text in columns.items()],
    }


def _column(name: str, description: str, tests: Iterable[Entry | str] = ()) -> Entry:
    return {"name": name, "description": description, **_tests(tests)}


def _tests(tests: Iterable[Entry | str]) -> Entry:
    """No key where there are none."""
    found = [*tests]
    return {"data_tests": found} if found else {}
