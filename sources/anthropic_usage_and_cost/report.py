"""The reports, each as a `Report` of whole_days."""

from dataclasses import replace
from functools import partial
from typing import Final

from anthropic_admin_api.settings import NAME
from anthropic_admin_api.sightings import UNKNOWNS
from whole_days.privacy import Privacy
from whole_days.report import Report

from . import analytics
from .client import BucketClient
from .contract import COST, COST_GROUPS, MESSAGES, MESSAGES_GROUPS
from .shapes import DAYS_AT_ONCE, RowShape, Shape
from .tables import ResultsSummary

ROOT: Final = "/v1/organizations"
COST_SHAPE = Shape(f"{ROOT}/cost_report", COST_GROUPS, COST)
MESSAGES_SHAPE = Shape(f"{ROOT}/usage_report/messages", MESSAGES_GROUPS, MESSAGES)
ANALYTICS_COST_SHAPE = RowShape(
    f"{ROOT}/analytics/cost",
    analytics.COST_GROUPS,
    analytics.COST,
    analytics.HEADERS,
    metrics="cost",
)
ANALYTICS_USAGE_SHAPE = RowShape(
    f"{ROOT}/analytics/usage",
    analytics.USAGE_GROUPS,
    analytics.USAGE,
    analytics.HEADERS,
    metrics="usage",
)


def _report(name: str, shape: Shape) -> Report[ResultsSummary]:
    return Report(
        name=name,
        source=f"anthropic_{name}",
        section=NAME,
        tables=(shape.table,),
        open=partial(BucketClient, shape=shape),
        notes=(UNKNOWNS,),
        owner="organization_id",
        days_at_once=DAYS_AT_ONCE,
    )


def private_report(
    report: Report[ResultsSummary], privacy: Privacy
) -> Report[ResultsSummary]:
    """The report, whose days arrive as `privacy` wants them stored."""
    opened = partial(BucketClient, shape=SHAPES[report.name], privacy=privacy)
    return replace(report, open=opened)


COST_REPORT = _report("cost_report", COST_SHAPE)
MESSAGES_USAGE = _report("messages_usage", MESSAGES_SHAPE)
ANALYTICS_COST = _report("analytics_cost", ANALYTICS_COST_SHAPE)
ANALYTICS_USAGE = _report("analytics_usage", ANALYTICS_USAGE_SHAPE)

REPORTS = (COST_REPORT, MESSAGES_USAGE, ANALYTICS_COST, ANALYTICS_USAGE)
SHAPES = {
    COST_REPORT.name: COST_SHAPE,
    MESSAGES_USAGE.name: MESSAGES_SHAPE,
    ANALYTICS_COST.name: ANALYTICS_COST_SHAPE,
    ANALYTICS_USAGE.name: ANALYTICS_USAGE_SHAPE,
}

# Built to the published reference of a beta, and never tried with a live key.
UNVERIFIED: Final = frozenset({ANALYTICS_COST.name, ANALYTICS_USAGE.name})
