"""Why days failed: one cause for all days whose reasons differ in details alone."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

# Of a day that was not tried, of a call's tries and waits, and of the request's name.
_NOT_TRIED = re.compile(r"^not tried, as the days before waited in vain: ")
_DETAILS = re.compile(
    r"; tried \d+ times$| \(request id [^)]*\)|(?<=asks to wait )[\d,.]+"
)


@dataclass(frozen=True)
class Cause:
    """A reason, as the first day that was tried has it, and its days in order."""

    reason: str
    days: list[date]


def causes(failed: Mapping[date, str]) -> list[Cause]:
    """The causes behind failed days, the one of the earliest day first."""
    days: dict[str, list[date]] = {}
    for day, reason in sorted(failed.items()):
        days.setdefault(_essence(reason), []).append(day)
    return [Cause(_reason(failed, same), same) for same in days.values()]


def _essence(reason: str) -> str:
    return _DETAILS.sub("", _NOT_TRIED.sub("", reason))


def _reason(failed: Mapping[date, str], days: list[date]) -> str:
    reasons = [failed[day] for day in days]
    tried = [reason for reason in reasons if not _NOT_TRIED.match(reason)]
    return _NOT_TRIED.sub("", (tried or reasons)[0])
