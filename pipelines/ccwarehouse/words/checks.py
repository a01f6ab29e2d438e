"""What `transform` prints, for people and for programs: rows without emails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from whole_days.emails import without_emails

from ..end import End
from ..exit_codes import ExitCode

if TYPE_CHECKING:
    from ..warehouses import Failure


def end_of_transform(
    views: list[str], failures: list[Failure] | None, dataset: str
) -> End:
    """The end of `transform`; `failures` is None when nothing was checked."""
    lines = [f"Built {len(views)} views in {dataset}: {', '.join(views)}."]
    facts: dict[str, Any] = {"dataset": dataset, "views": views, "failed_checks": None}
    if failures is not None:
        facts["failed_checks"] = [failure_as_dict(failure) for failure in failures]
    if failures:
        names = ", ".join(failure.check for failure in failures)
        return End(ExitCode.BUG, f"Checks that fail: {names}.", facts, lines)
    if failures == []:
        lines.append("All checks hold.")
    return End(facts=facts, lines=lines)


def failure_as_dict(failure: Failure) -> dict[str, Any]:
    """A failed check for programs: its claim, and its first rows as texts."""
    return {
        "check": failure.check,
        "claim": failure.claim,
        "count": failure.count,
        "columns": list(failure.columns),
        "rows": [_texts(row) for row in failure.rows],
    }


def failure_as_lines(failure: Failure) -> list[str]:
    """A failed check for people."""
    rows = [failure.columns, *(_texts(row) for row in failure.rows)]
    return [
        f"{failure.check} fails in {failure.count} rows. {failure.claim}",
        *("  " + " | ".join(map(str, row)) for row in rows),
    ]


def _texts(row: tuple[Any, ...]) -> list[str | None]:
    return [None if cell is None else without_emails(str(cell)) for cell in row]
