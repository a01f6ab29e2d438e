"""Why days failed: one cause for all days whose reasons differ only in details."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

# Details that differ between days: skipped or not, tries, waits and request ids.
_NOT_TRIED = re.compile(r"^skipped after two days without a successful call: ")
_DETAILS = re.compile(
    r"; tried \d+ times$| \(request id [^)]*\)|(?<=asks to wait )[\d,.]+"
)


@dataclass(frozen=True)
class Cause:
    """The reason of the first day that was not skipped, and all its days in order."""

    reason: str
    days: list[date]


def causes(failed: Mapping[date, str]) -> list[Cause]:
    """The causes of failed days, the one of the earliest day first."""
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
