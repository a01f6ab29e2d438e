"""What every dataset has, without the reports that settings may name."""

from ccwarehouse.reports import optional_tables
from claude_code_marts import Model, checks, models


def usual_models() -> list[Model]:
    """The views that stand on the usage report and the files alone."""
    return models(optional_tables())


def usual_checks() -> list[Model]:
    """The checks of these."""
    return checks(optional_tables())
