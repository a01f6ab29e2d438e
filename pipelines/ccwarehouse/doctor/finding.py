"""What a check found."""

from dataclasses import dataclass, replace
from enum import StrEnum

from ..exit_codes import ExitCode


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    PROBLEM = "problem"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class Finding:
    """One check: its name, how it ended, and one line that ends with what to do.

    `code` is the exit code for a problem, otherwise 0. `account` is None for a check
    that concerns all.
    """

    check: str
    verdict: Verdict
    text: str
    code: ExitCode = ExitCode.DONE
    account: str | None = None

    def of_account(self, account: str, *, is_alone: bool) -> "Finding":
        """The same of one account, which the text names if there are several."""
        text = self.text if is_alone else f"{account}: {self.text}"
        return replace(self, text=text, account=account)


def ok(check: str, text: str) -> Finding:
    """The check found no fault."""
    return Finding(check, Verdict.OK, text)


def skipped(check: str, reason: str) -> Finding:
    """The check could not be made; `reason` says why."""
    return Finding(check, Verdict.SKIPPED, reason)


def problem(check: str, code: ExitCode, text: str) -> Finding:
    """Something to fix."""
    return Finding(check, Verdict.PROBLEM, text, code)


def worth_a_look(check: str, text: str) -> Finding:
    """Something that may be intended or temporary."""
    return problem(check, ExitCode.DAYS_FAILED, text)
