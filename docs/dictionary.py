"""Write `data-dictionary.md`: every table and view with its columns, types and units.

Names and texts come from where they are declared, types from DuckDB.
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb

from ccwarehouse.reports import all_tables
from claude_code_marts import models, render

# dlt's table of committed loads; `stg_day_fetches` keeps only fetches of these.
LOADS = "load_id text, schema_name text, status bigint, inserted_at timestamptz"

PAGE = Path(__file__).with_name("data-dictionary.md")
HEAD = """\
# Data dictionary

`make docs` writes this page from the declared tables and the heads of the SQL files.
Types are DuckDB's. BIGINT is `bigint` in Postgres and INT64 in BigQuery; VARCHAR is
`varchar` and STRING, DOUBLE `double precision` and FLOAT64, a DECIMAL is `numeric` and
BIGNUMERIC.
"""


def page() -> str:
    """The whole page, in Markdown."""
    with duckdb.connect() as connection:
        return "\n".join([HEAD, *_tables(connection), *_views(connection)])


def _tables(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield "## Tables\n"
    yield "The tables are in the dataset `claude_code`, unless another is named.\n"
    connection.execute("create schema claude_code")
    for name, table in all_tables().items():
        connection.register("rows", table.empty())
        relation = f"claude_code.{name}"
        connection.execute(
            f"create table {relation} as select *, '' as _dlt_load_id from rows"
        )
        yield _section(connection, relation, table.description, table.descriptions)


def _views(connection: duckdb.DuckDBPyConnection) -> Iterator[str]:
    yield "## Views\n\nThe views are in the dataset `claude_code_marts`.\n"
    connection.execute(f"create table claude_code._dlt_loads ({LOADS})")
    connection.execute("create schema claude_code_marts")
    for view in models():
        relation = f"claude_code_marts.{view.name}"
        connection.execute(f"create view {relation} as {render(view)}")
    for view in sorted(models(), key=lambda view: view.path):
        relation = f"claude_code_marts.{view.name}"
        stored = " Its rows are stored." if view.is_materialised else ""
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
