"""What `doctor` says: what has to be fixed first, and all it found."""

from collections.abc import Iterable
from typing import Final

from ..doctor.finding import Finding
from ..end import End
from ..exit_codes import ExitCode

# In the order in which things are fixed: nothing works without the ones before.
ORDER: Final = (
    ExitCode.USAGE,
    ExitCode.CONFIGURATION,
    ExitCode.WAREHOUSE,
    ExitCode.DAYS_FAILED,
)


def end_of_doctor(findings: Iterable[Finding]) -> End:
    """The end of `doctor`: what has to be fixed first, and all it found."""
    found = list(findings)
    code = exit_code(found)
    first = next((item.text for item in found if item.code == code), None)
    facts = {"checks": [finding_as_dict(finding) for finding in found]}
    return End(code, first if code else None, facts)


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """The code of what has to be fixed first, 0 when there is nothing."""
    codes = {finding.code for finding in findings}
    return next((code for code in ORDER if code in codes), ExitCode.DONE)


def finding_as_dict(finding: Finding) -> dict[str, str | int]:
    """A finding for machines."""
    return {
        "check": finding.check,
        "verdict": str(finding.verdict),
        "text": finding.text,
        "code": int(finding.code),
    }
