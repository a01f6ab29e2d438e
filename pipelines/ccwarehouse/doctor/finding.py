"""What a check found, and what all findings together amount to."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ..exit_codes import ExitCode
from ..output import End


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One check: its name, how it ended, and one line that ends with the mend.

    `code` is the exit code a problem asks for, and 0 when there is none.
    """

    check: str
    verdict: Verdict
    text: str
    code: ExitCode = ExitCode.DONE

    def as_dict(self) -> dict[str, str | int]:
        """The finding for machines."""
        return {
            "check": self.check,
            "verdict": str(self.verdict),
            "text": self.text,
            "code": int(self.code),
        }


# In the order in which things are mended: nothing works without the ones before.
ORDER: Final = (
    ExitCode.USAGE,
    ExitCode.CONFIGURATION,
    ExitCode.WAREHOUSE,
    ExitCode.DAYS_FAILED,
)


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Verdict.OK, text)


def skipped(check: str, reason: str) -> Finding:
    """Nothing can be said, and why."""
    return Finding(check, Verdict.SKIPPED, reason)


def problem(check: str, code: ExitCode, text: str) -> Finding:
    """Something to mend."""
    return Finding(check, Verdict.PROBLEM, text, code)


def worth_a_look(check: str, text: str) -> Finding:
    """Something that need not be wrong, or may pass by itself."""
    return problem(check, ExitCode.DAYS_FAILED, text)


def end_of_doctor(findings: Iterable[Finding]) -> End:
    """The end of `doctor`: what has to be mended first, and all it found."""
    found = list(findings)
    code = exit_code(found)
    first = next((item.text for item in found if item.code == code), None)
    facts = {"checks": [finding.as_dict() for finding in found]}
    return End(code, first if code else None, facts)


def exit_code(findings: Iterable[Finding]) -> ExitCode:
    """The code of what has to be mended first, 0 when there is nothing."""
    codes = {finding.code for finding in findings}
    return next((code for code in ORDER if code in codes), ExitCode.DONE)
