"""What the API bills and counts by UTC day: the reports of its Usage and Cost API.

`COST_REPORT` is the bill per workspace and description. `MESSAGES_USAGE` counts tokens
per key, workspace and model. One call gives a month of days. Both are marked as legacy
since October 2026 and still supported. Neither has been called with a live key.
"""

from .report import COST_REPORT, MESSAGES_USAGE, SHAPES, private_report
from .settings import restated_for_a_month

__all__ = [
    "COST_REPORT",
    "MESSAGES_USAGE",
    "SHAPES",
    "private_report",
    "restated_for_a_month",
]
