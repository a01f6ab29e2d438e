"""The Claude Code usage report as a `Report` of whole_days."""

from anthropic_admin_api.sightings import UNKNOWNS
from whole_days.report import Announced, Report

from .client import UsageClient
from .contract import (
    FETCH_SUMS,
    MODEL_BREAKDOWN,
    TOOL_ACTIONS,
    USAGE_REPORT,
)
from .tables import UsageSummary

CLAUDE_CODE: Report[UsageSummary] = Report(
    name="claude_code",
    source="claude_code_analytics",
    tables=(USAGE_REPORT, MODEL_BREAKDOWN, TOOL_ACTIONS),
    open=UsageClient,
    notes=(FETCH_SUMS, UNKNOWNS),
    owner="organization_id",
    announced=Announced(MODEL_BREAKDOWN.name, "model"),
)
