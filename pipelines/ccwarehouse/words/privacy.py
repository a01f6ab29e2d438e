"""What `forget` and `pseudonymise` print. They quote no name: logs may be kept."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import TYPE_CHECKING

from ..end import End
from ..exit_codes import ExitCode
from .dates import count

if TYPE_CHECKING:
    from ..warehouses.search import Found

STILL_THERE = (
    "The name is still in {places}. A table that is not ccwarehouse's has to be "
    "cleaned by whoever made it; then run the same command again."
)
IN_BYTES = (
    "The name is still in the bytes of the file, {times}. Run the same command again."
)
COPIES = (
    "Copies made before still have the name: --publish, exports, pages, backups, and "
    "what the warehouse keeps to go back in time."
)
UNSEARCHED = (
    "The warehouse's catalogue lists no table, so that nothing could be searched. "
    "Search it by hand."
)
EMAILS_LEFT = (
    "Emails are still in {places}. A table that is not ccwarehouse's has to be cleaned "
    "by whoever made it."
)


def end_of_forget_dry_run(
    rows: Mapping[str, int], days: Mapping[str, Collection[date]], location: str
) -> End:
    """What there is of a person, by table."""
    facts = {"rows": dict(rows), "days": _days(days), "data": location}
    lines = [f"{table}  {count(found, 'row')}" for table, found in rows.items()]
    lines += [
        f"Account {account}: {count(len(own), 'day')}, {min(own)} to {max(own)}"
        for account, own in sorted(days.items())
        if own
    ]
    return End(
        facts=facts, lines=[*(lines or ["Nothing is left."]), f"Data  {location}"]
    )


def end_of_forget(
    rows: Mapping[str, int],
    days: int,
    left: Found,
    held: int | None,
    location: str,
    *,
    drops: bool,
) -> End:
    """What became of a person, and what the search found. 5 if there is anything."""
    facts = {
        "rows": dict(rows),
        "days_rewritten": days,
        "dropped": drops,
        "columns_searched": left.columns,
        "found_in": left.places,
        "found_in_bytes": held,
        "data": location,
    }
    become = "dropped" if drops else "made nameless"
    lines = [
        f"{table}  {count(found, 'row')} of this person, {become} or removed"
        for table, found in rows.items()
    ]
    lines.append(f"Days    {count(days, 'day')} written anew")
    if not left.columns:
        return End(ExitCode.WAREHOUSE, UNSEARCHED, facts, lines)
    if left.places:
        return End(
            ExitCode.WAREHOUSE, STILL_THERE.format(places=_all(left)), facts, lines
        )
    if held:
        return End(
            ExitCode.WAREHOUSE, IN_BYTES.format(times=count(held, "time")), facts, lines
        )
    lines.append(f"Search  {_searched(left)}{_of_bytes(held)}: the name is nowhere.")
    return End(facts=facts, lines=[*lines, COPIES, f"Data    {location}"])


def end_of_pseudonymise(days: int, left: Found, location: str) -> End:
    """How many days were brought over. 5 if an email is left anywhere."""
    facts = {
        "days_rewritten": days,
        "columns_searched": left.columns,
        "found_in": left.places,
        "data": location,
    }
    lines = [f"Days    {count(days, 'day')} written anew"]
    if not left.columns:
        return End(ExitCode.WAREHOUSE, UNSEARCHED, facts, lines)
    if left.places:
        error = EMAILS_LEFT.format(places=_all(left))
        return End(ExitCode.WAREHOUSE, error, facts, lines)
    lines.append(f"Search  {_searched(left)}: no email is left.")
    return End(facts=facts, lines=[*lines, COPIES, f"Data    {location}"])


def _days(days: Mapping[str, Collection[date]]) -> dict[str, list[str]]:
    return {name: [str(day) for day in sorted(own)] for name, own in days.items()}


def _all(left: Found) -> str:
    return ", ".join(left.places)


def _searched(left: Found) -> str:
    return f"{count(left.columns, 'column')} of {count(left.tables, 'table')}"


def _of_bytes(held: int | None) -> str:
    return "" if held is None else ", and all bytes of the file"
