"""What the API bills and counts by UTC day: the reports of its Usage and Cost API.

`COST_REPORT` is the bill per workspace and description. `MESSAGES_USAGE` counts tokens
per key, workspace and model. One call gives a month of days. Both are marked as legacy
since October 2026 and still supported. Neither has been called with a live key.

`ANALYTICS_COST` and `ANALYTICS_USAGE` are the newer pair, in beta: cost and tokens per
actor, key, workspace, product and model. They are unverified: built to the published
reference, parts of which were not readable. `UNVERIFIED` names them.
"""

from .analytics import first_day
from .report import (
    ANALYTICS_COST,
    ANALYTICS_USAGE,
    COST_REPORT,
    MESSAGES_USAGE,
    REPORTS,
    SHAPES,
    UNVERIFIED,
    private_report,
)
from .settings import restated_for_a_month

__all__ = [
    "ANALYTICS_COST",
    "ANALYTICS_USAGE",
    "COST_REPORT",
    "MESSAGES_USAGE",
    "REPORTS",
    "SHAPES",
    "UNVERIFIED",
    "first_day",
    "private_report",
    "restated_for_a_month",
]
