"""Write `data-dictionary.md`: every table and view with its columns, types and units.

Names and texts come from where they are declared, types from DuckDB.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import duckdb

from ccwarehouse.reports import OPTIONAL, usual_tables
from ccwarehouse.warehouses.view_types import make_tables, make_views
from claude_code_marts import Model, models
from whole_days.table import Table

PAGE = Path(__file__).with_name("data-dictionary.md")
HEAD = """\
# Data dictionary

`make docs` writes this page from the declared tables and the heads of the SQL files.
Types are DuckDB's. BIGINT is `bigint` in Postgres and INT64 in BigQuery; VARCHAR is
`varchar` and STRING, DOUBLE `double precision` and FLOAT64, a DECIMAL is `numeric` and
BIGNUMERIC.
"""

VIEWS = """\
## Views

The views are in the dataset `claude_code_marts`. Where rows are stored, the
[kind](marts.md#a-stored-mart) says which ones a load replaces.
"""


def page() -> str:
    """The whole page, in Markdown."""
    with duckdb.connect() as connection:
        return "\n".join([HEAD, *_tables(connection), *_views(connection)])


def _tables(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield "## Tables\n"
    yield "The tables are in the dataset `claude_code`, unless another is named.\n"
    make_tables(connection)
    yield from _sections(connection, usual_tables())
    yield "## Tables of further reports\n"
    yield "A dataset has these once a load of [their report](neighbours.md) is in.\n"
    for tables in OPTIONAL.values():
        yield from _sections(connection, tables)


def _sections(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Table]
) -> Iterator[str]:
    for name, table in tables.items():
        relation = f"claude_code.{name}"
        yield _section(connection, relation, table.description, table.descriptions)


def _views(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield VIEWS
    views = models(further=True)
    make_views(connection, views)
    yield from _described(connection, [view for view in views if not view.is_further])
    yield "## Views of further reports\n"
    yield "A dataset has these once a [further report](neighbours.md) is loaded.\n"
    yield from _described(connection, [view for view in views if view.is_further])


def _described(
    connection: duckdb.DuckDBPyConnection, views: Iterable[Model]
) -> Iterator[str]:
    for view in sorted(views, key=lambda view: view.path):
        relation = f"claude_code_marts.{view.name}"
        stored = f" Its rows are stored ({view.kind})." if view.kind else ""
        text = view.description + stored
        yield _section(connection, relation, text, view.columns)


def _section(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    description: str,
    columns: dict[str, str],
) -> str:
    described = connection.execute(f"describe {relation}").fetchall()
    types = {column: kind for column, kind, *_ in described}
    rows = [
        f"| `{column}` | {types[column]} | {text} |" for column, text in columns.items()
    ]
    name = relation.partition(".")[2]
    lines = [
        f"### `{name}`",
        "",
        description,
        "",
        "| column | type | meaning |",
        "|---|---|---|",
    ]
    return "\n".join([*lines, *rows, ""])


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
