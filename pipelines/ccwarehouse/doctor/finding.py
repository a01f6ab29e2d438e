"""What a check found."""

from dataclasses import dataclass
from enum import StrEnum

from ..exit_codes import ExitCode


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
