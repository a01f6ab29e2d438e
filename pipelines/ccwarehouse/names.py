"""What a dataset is called: by dlt's own naming, once, before anything is made."""

import os
import re
from pathlib import Path
from typing import Final

import dlt
from dlt.common.configuration.container import Container
from dlt.common.destination import DestinationCapabilitiesContext

NO_NAME = (
    "--dataset {name!r} cannot be a dataset's name, which has letters (A to Z) or "
    "digits. Name another; if it is blank, a variable may be unset."
)
TOO_LONG = (
    "--dataset {name} is too long: with the end of {name}_marts a name has at most "
    "{longest} characters here. Name a shorter one."
)
NAME_CLASH = (
    "In the file {file}, DuckDB could not tell the dataset {name} from the database "
    "itself. Name another file with {option}, or another dataset with --dataset."
)
RESERVED = (
    "DuckDB keeps the name {name} for itself. Name another dataset with --dataset."
)
NO_FILE = "{option} names a folder, {file}. Name a file, which need not be there yet."
NOT_UTF8 = (
    "{option} {file} has letters that this locale writes in another way than DuckDB. "
    "Set PYTHONUTF8=1, or name a file in a folder with plain letters."
)

# What DuckDB would take for a database or a schema of its own.
DUCKDB_KEEPS: Final = ("information_schema", "pg_catalog", "system", "temp")


class ImpossibleNameError(ValueError):
    """A destination, a file or a dataset cannot be called like this."""


def marts_name(dataset: str) -> str:
    """Where the views over a dataset lie."""
    return f"{dataset}_marts"


def stored_name(dataset: str, capabilities: DestinationCapabilitiesContext) -> str:
    """The name under which dlt keeps a dataset there: `a-b` becomes `a_b`.

    Raises `ImpossibleNameError` where nothing would be left of the name, or not all of
    the name of its views.
    """
    if not re.search("[A-Za-z0-9]", dataset):
        raise ImpossibleNameError(NO_NAME.format(name=dataset))
    with Container().injectable_context(capabilities):
        naming = dlt.Schema("ccwarehouse").naming
    name = naming.normalize_table_identifier(dataset)
    longest = capabilities.max_identifier_length
    if len(marts_name(name)) > longest:
        raise ImpossibleNameError(TOO_LONG.format(name=name, longest=longest))
    return name


def require_own_name(database: Path, dataset: str, option: str = "--database") -> None:
    """Refuse a DuckDB file, or a dataset in it, that DuckDB takes for another thing.

    Raises `ImpossibleNameError`. Letters in either case are the same to DuckDB.
    """
    if database.is_dir():
        raise ImpossibleNameError(NO_FILE.format(option=option, file=database))
    path = database.absolute()
    if os.fsencode(path) != str(path).encode("utf-8", "replace"):
        text = NOT_UTF8.format(option=option, file=ascii(str(database)))
        raise ImpossibleNameError(text)
    if dataset in DUCKDB_KEEPS:
        raise ImpossibleNameError(RESERVED.format(name=dataset))
    catalog = catalog_name(database).casefold()
    if catalog in (dataset.casefold(), marts_name(dataset).casefold()):
        text = NAME_CLASH.format(file=database, name=catalog, option=option)
        raise ImpossibleNameError(text)


def catalog_name(database: Path) -> str:
    """What DuckDB calls the database in a file: its name up to the first dot."""
    name = next(filter(None, database.name.split(".")), "")
    return f"{name}_db" if name in ("main", "system", "temp") else name
