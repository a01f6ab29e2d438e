"""What `report` says beside the page."""

from collections.abc import Sequence
from typing import Any

from ..end import End
from ..report import Written
from .dates import count


def end_of_report(written: Written) -> End:
    """The end of `report`; days that are missing are said on the page, and here."""
    return End(facts=facts_of(written), lines=lines_of(written))


def facts_of(written: Written) -> dict[str, Any]:
    """What was written, for machines."""
    return {
        "file": str(written.file),
        "title": written.title,
        "account": written.account,
        "first_day": _day(written.first),
        "last_day": _day(written.last),
        "days_missing": written.days_missing,
        "pictures": [str(picture) for picture in written.pictures],
    }


def lines_of(written: Written) -> list[str]:
    """The same for people."""
    lines = [f"The report is in {written.file}."]
    if written.account is None:
        lines = [
            f"Nothing is loaded yet, as {written.file} says. Load: ccwarehouse load"
        ]
    if written.pictures:
        pictures = count(len(written.pictures), "picture")
        lines.append(f"{pictures} of its charts are in {written.pictures[0].parent}.")
    return lines


def remarks(written: Written) -> Sequence[str]:
    """What someone should look at, if there is anything."""
    lines = []
    if written.days_missing:
        are = "is" if written.days_missing == 1 else "are"
        lines.append(
            f"{count(written.days_missing, 'day')} of the report {are} missing."
            " Load: ccwarehouse load"
        )
    if written.others:
        lines.append(
            f"The report is of account {written.account}. Loaded as well:"
            f" {', '.join(written.others)}. Name one: --account"
        )
    return lines


def _day(day: object) -> str | None:
    return None if day is None else str(day)
