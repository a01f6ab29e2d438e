"""Load input files into a DuckDB file, and read the versions in force."""

from pathlib import Path

import duckdb

from ccwarehouse.inputs import (
    INPUT_TABLES,
    InputFileError,
    make_input_tables,
    read_budgets,
    read_teams,
    weekend_of,
)
from ccwarehouse.warehouses import open_warehouse
from ccwarehouse.warehouses.statements import are_there
from claude_code_marts import models, render
from loads import NOON

STAGING = "staging/inputs/"


def faults(read, path: Path) -> list[tuple[int | None, str | None, str]]:
    """Line, column and text of each fault of a file; empty without any."""
    try:
        read(path)
    except InputFileError as error:
        return [(fault.line, fault.column, fault.text) for fault in error.faults]
    return []


def stored(
    database: Path,
    destination: str = "duckdb",
    *,
    teams=None,
    budgets=None,
    min_group_size=1,
    weekend=None,
) -> list[str]:
    """Load these texts as a command does; returns the kinds of the written files."""
    files = []
    if teams is not None:
        path = database.with_name("teams.csv")
        path.write_text(teams)
        files.append(read_teams(path, min_group_size))
    if budgets is not None:
        path = database.with_name("budgets.csv")
        path.write_text(budgets)
        files.append(read_budgets(path))
    if weekend is not None:
        files.append(weekend_of(weekend))
    place = destination, database, "claude_code"
    with open_warehouse(*place, sole_writer=True) as opened:
        with opened.pipeline.sql_client() as client:
            is_made = are_there(client, INPUT_TABLES)
        if not is_made:
            make_input_tables(opened.pipeline)
        return opened.store_inputs(files, NOON)


def in_force(database: Path, view: str, columns: str = "*") -> list[tuple]:
    """The rows of a staging view over the stored files."""
    with duckdb.connect(database) as connection:
        connection.execute("create schema if not exists claude_code_marts")
        for model in models():
            if model.path.startswith(STAGING):
                path = f"claude_code_marts.{model.name}"
                connection.execute(f"create or replace view {path} as {render(model)}")
        query = f"select {columns} from claude_code_marts.{view} order by all"
        return connection.sql(query).fetchall()
