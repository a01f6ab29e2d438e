"""What the tables of stored marts are called, and what they mean.

A table's name ends with a hash of the SQL it follows from. So a new version of a mart
has a new table, filled when the views are built. The old one is dropped when no view
reads it.
"""

import dataclasses
import hashlib
from functools import cache
from itertools import takewhile
from typing import Final

from claude_code_marts import RAW, Model, definition, materialised

DIGITS: Final = 8  # of the hash, hexadecimal
NOTES: Final = "stored_marts"  # has a row per table ever made


@cache
def table_name(view: Model) -> str:
    """The table with the rows of a stored mart."""
    digest = hashlib.sha256(definition(view).encode()).hexdigest()
    return f"stored_{view.name}_{digest[:DIGITS]}"


def as_stored(view: Model) -> Model:
    """The view over the table of a stored mart; other views stay as they are."""
    if not view.kind:
        return view
    head = takewhile(lambda line: line.startswith("--"), view.sql.splitlines())
    columns = ", ".join(view.columns)
    query = f"select {columns} from {RAW}.{table_name(view)}"
    return dataclasses.replace(view, sql="\n".join([*head, query]))


def stored_descriptions() -> list[tuple[str, str, dict[str, str]]]:
    """Name, description and columns of each table that is kept for stored marts."""
    of_notes = {"name": "Name of the table."}
    return [
        (NOTES, "One row per table that was made for a stored mart.", of_notes),
        *(
            (table_name(view), view.description, view.columns)
            for view in materialised()
        ),
    ]
