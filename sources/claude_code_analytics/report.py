"""The Claude Code usage report as a `Report` of whole_days."""

from dataclasses import replace
from functools import partial

from anthropic_admin_api.sightings import UNKNOWNS
from whole_days.privacy import Privacy
from whole_days.report import Announced, Report

from .client import UsageClient
from .contract import (
    FETCH_SUMS,
    MODEL_BREAKDOWN,
    TOOL_ACTIONS,
    USAGE_REPORT,
)
from .private import NAMES, PERSONAL
from .tables import UsageSummary, remade_day

CLAUDE_CODE: Report[UsageSummary] = Report(
    name="claude_code",
    source="claude_code_analytics",
    tables=(USAGE_REPORT, MODEL_BREAKDOWN, TOOL_ACTIONS),
    open=UsageClient,
    notes=(FETCH_SUMS, UNKNOWNS),
    owner="organization_id",
    announced=Announced(MODEL_BREAKDOWN.name, "model"),
    names=NAMES,
    personal=PERSONAL,
    examples=Announced(UNKNOWNS.name, "example"),
    remade=remade_day,
)


def private_report(privacy: Privacy) -> Report[UsageSummary]:
    """The report, whose days arrive as `privacy` wants them stored."""
    return replace(CLAUDE_CODE, open=partial(UsageClient, privacy=privacy))
