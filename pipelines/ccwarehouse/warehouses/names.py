"""Names of datasets, normalised by dlt's naming before anything is created, and of
columns of views.
"""

import re
from typing import Any

from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations.sql_client import SqlClientBase

from .dlt_container import naming_of
from .errors import ImpossibleNameError

NO_NAME = (
    "--dataset {name!r} cannot be a dataset's name, which needs a letter (A to Z) or a "
    "digit. Name another; if it is blank, a variable may be unset."
)
TOO_LONG = (
    "--dataset {name} is too long: {name}_marts may have at most {longest} characters "
    "here. Name a shorter one."
)


def marts_name(dataset: str) -> str:
    """The dataset of the views over a dataset."""
    return f"{dataset}_marts"


def stored_name(dataset: str, capabilities: DestinationCapabilitiesContext) -> str:
    """The name that dlt gives the dataset in the warehouse: `a-b` becomes `a_b`.

    Raises `ImpossibleNameError` if nothing would be left of the name, or if the name of
    the views' dataset would be too long.
    """
    if not re.search("[A-Za-z0-9]", dataset):
        raise ImpossibleNameError(NO_NAME.format(name=dataset))
    name = naming_of(capabilities).normalize_table_identifier(dataset)
    longest = capabilities.max_identifier_length
    if len(marts_name(name)) > longest:
        raise ImpossibleNameError(TOO_LONG.format(name=name, longest=longest))
    return name


def column_of_view(client: SqlClientBase[Any], name: str) -> str:
    """A column of a view in SQL. One with capitals is quoted in the view, so it keeps
    them where dlt would fold them.
    """
    return client.escape_column_name(name, casefold=name.islower())
