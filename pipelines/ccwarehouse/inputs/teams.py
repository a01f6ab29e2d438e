"""Who is in which team, and when: `teams.csv`. It is also the list of members."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from operator import attrgetter
from pathlib import Path
from typing import Any

from .cells import Cells
from .csv_file import CsvFile, Row, read_csv
from .faults import Fault, shown
from .input_file import InputFile
from .tables import TEAM_MEMBERS

NO_TEAM = "(no team)"
SMALL_TEAMS = "(small teams)"


def is_reserved(team: str) -> bool:
    """Whether a team's name is one of ours, in any case."""
    return team.casefold() in (NO_TEAM, SMALL_TEAMS)


@dataclass(frozen=True)
class Roster:
    """The teams that there are, and how many people are in any of them today."""

    teams: frozenset[str]
    members: int

    def has_lost(self, before: "Roster") -> bool:
        """Whether a team of before is gone, or half of the members are."""
        lost = before.teams - self.teams
        return bool(lost) or 0 < before.members >= 2 * self.members


@dataclass(frozen=True)
class Member:
    """An actor's days in a team, both ends included; None is an open end."""

    actor: str
    team: str
    valid_from: date | None
    valid_to: date | None
    line: int

    def is_of(self, day: date) -> bool:
        """Whether the day is one of these."""
        return (self.valid_from or date.min) <= day <= (self.valid_to or date.max)

    def as_row(self) -> dict[str, Any]:
        """The columns of `team_members`."""
        return asdict(self)


def read_teams(path: Path, min_group_size: int | None = None) -> InputFile:
    """The members of all teams. Raises `InputFileError` with all faults of the file.

    `min_group_size` is how many active people a team needs to be shown by itself; None
    leaves the stored one.
    """
    if min_group_size is not None and min_group_size < 1:
        raise ValueError(f"min_group_size is {min_group_size}: at least 1")
    file = read_csv(path, ["actor", "team"], ["valid_from", "valid_to"])
    members = [member for row in file.rows if (member := _member(file, row))]
    file.note(_overlaps(members))
    file.require_no_fault()
    return InputFile(
        "teams", file.name, TEAM_MEMBERS, file.content_hash, members, min_group_size
    )


def _member(file: CsvFile, row: Row) -> Member | None:
    cells = Cells(file, row)
    team = cells.text("team")
    if is_reserved(team):
        cells.refuse("team", "is a name of ours. Give the team another one.")
    first, last = cells.day("valid_from"), cells.day("valid_to")
    if first and last and last < first:
        cells.refuse("valid_to", f"is before valid_from, {first}. Correct one of them.")
    if not cells.are_right:
        return None
    return Member(cells.actor("actor"), team, first, last, row.line)


def _overlaps(members: Iterable[Member]) -> Iterator[Fault]:
    """A fault for each actor who has two rows on the same day, with both lines."""
    ordered = sorted(members, key=lambda m: (m.actor, m.valid_from or date.min, m.line))
    latest: Member | None = None
    for member in ordered:
        if latest and latest.actor == member.actor:
            if (member.valid_from or date.min) <= (latest.valid_to or date.max):
                yield _overlap(*sorted([latest, member], key=attrgetter("line")))
            latest = max(latest, member, key=lambda m: m.valid_to or date.max)
        else:
            latest = member


def _overlap(first: Member, second: Member) -> Fault:
    if first.team == second.team:
        where = f"twice in {shown(first.team)}"
    else:
        where = f"in {shown(first.team)} and in {shown(second.team)}"
    text = (
        f"{shown(second.actor)} is {where} on the same day: lines {first.line} and"
        f" {second.line}. Remove one, or let valid_to of one end before valid_from of"
        " the other."
    )
    return Fault(second.line, "actor", text)
