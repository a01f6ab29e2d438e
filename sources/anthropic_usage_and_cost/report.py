"""Both reports as a `Report` of whole_days."""

from dataclasses import replace
from functools import partial

from anthropic_admin_api.settings import NAME
from anthropic_admin_api.sightings import UNKNOWNS
from whole_days.privacy import Privacy
from whole_days.report import Report

from .client import DAYS_AT_ONCE, BucketClient, Shape
from .contract import COST, COST_GROUPS, MESSAGES, MESSAGES_GROUPS
from .tables import ResultsSummary

COST_SHAPE = Shape("/v1/organizations/cost_report", COST_GROUPS, COST)
MESSAGES_SHAPE = Shape(
    "/v1/organizations/usage_report/messages", MESSAGES_GROUPS, MESSAGES
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

SHAPES = {COST_REPORT.name: COST_SHAPE, MESSAGES_USAGE.name: MESSAGES_SHAPE}
