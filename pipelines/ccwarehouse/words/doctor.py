"""The summary of `doctor`: what to fix first, and all findings."""

from collections.abc import Iterable
from typing import Final

from ..doctor.finding import Finding
from ..end import End
from ..exit_codes import ExitCode

# The order in which to fix things: each needs the ones before it.
ORDER: Final = (
    ExitCode.USAGE,
    ExitCode.CONFIGURATION,
    ExitCode.WAREHOUSE,
    ExitCode.DAYS_FAILED,
)


def end_of_doctor(findings: Iterable[Finding]) -> End:
    """The end of `doctor`: what to fix first, and all findings."""
    found = list(findings)
    code = exit_code(found)
    first = next((item.text for item in found if item.code == code), None)
    facts = {"checks": [finding_as_dict(finding) for finding in found]}
    return End(code, first if code else None, facts)


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """The code of what to fix first, 0 when there is nothing to fix."""
    codes = {finding.code for finding in findings}
    return next((code for code in ORDER if code in codes), ExitCode.DONE)


def finding_as_dict(finding: Finding) -> dict[str, str | int | None]:
    """A finding for programs."""
    return {
        "check": finding.check,
        "account": finding.account,
        "verdict": str(finding.verdict),
        "text": finding.text,
        "code": int(finding.code),
    }
