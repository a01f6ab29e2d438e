"""What a dataset is called: by dlt's own naming, once, before anything is made."""

import re

import dlt
from dlt.common.configuration.container import Container
from dlt.common.destination import DestinationCapabilitiesContext

from .errors import ImpossibleNameError

NO_NAME = (
    "--dataset {name!r} cannot be a dataset's name, which has letters (A to Z) or "
    "digits. Name another; if it is blank, a variable may be unset."
)
TOO_LONG = (
    "--dataset {name} is too long: with the end of {name}_marts a name has at most "
    "{longest} characters here. Name a shorter one."
)


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
