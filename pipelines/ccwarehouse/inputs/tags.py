"""Teams from tags of workspaces, in place of a file: `teams = "workspace_tag:team"`.

The tag of a workspace names the team of its members, by email, and of its API keys, by
name. An actor who would be in several teams on a day is in none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby, pairwise
from operator import attrgetter
from typing import Final

from whole_days.calendar import ONE_DAY

from .faults import Fault, InputFileError, shown
from .input_file import InputFile, hash_of_rows
from .tables import TEAM_MEMBERS
from .teams import NO_TEAM, SMALL_TEAMS, Member

PREFIX: Final = "workspace_tag:"


@dataclass(frozen=True)
class TeamsTag:
    """The key of the tag whose values are teams, and how small a team may be."""

    key: str
    min_group_size: int = 1

    @property
    def name(self) -> str:
        """As the settings have it."""
        return f"{PREFIX}{self.key}"


@dataclass(frozen=True)
class Belonging:
    """An actor's days in a workspace, both ends included.

    `team` is None where the workspace's tag has no value.
    """

    actor: str
    team: str | None
    first: date
    last: date


@dataclass(frozen=True)
class TagTeams:
    """The teams of a tag. `undecided` are today's actors in several, with these."""

    file: InputFile
    undecided: dict[str, list[str]]


def team_of(value: object) -> str | None:
    """The team that a tag's value names.

    None if it is empty, and for `(no team)` and `(small teams)`, which are no teams.
    """
    team = value.strip() if isinstance(value, str) else ""
    return team if team and team not in (NO_TEAM, SMALL_TEAMS) else None


def teams_of_tag(
    tag: TeamsTag, known: Iterable[str], found: Iterable[Belonging], today: date
) -> TagTeams:
    """The teams of these belongings; `known` are the keys of all tags.

    Raises `InputFileError` if no workspace has the tag: it may be misspelt.
    """
    if tag.key not in (known := {*known}):
        raise InputFileError(tag.name, [Fault(None, None, _no_such(known))])
    stays = [stay for actor in _by_actor(found) for stay in _stays(actor)]
    members = _numbered(_joined(stays))
    digest = hash_of_rows([tag, *members])
    file = InputFile(
        "teams", tag.name, TEAM_MEMBERS, digest, members, tag.min_group_size
    )
    undecided = {
        stay.actor: sorted(team or NO_TEAM for team in stay.teams)
        for stay in stays
        if len(stay.teams) > 1 and stay.first <= today <= stay.last
    }
    return TagTeams(file, undecided)


def _no_such(known: Iterable[str]) -> str:
    if names := ", ".join(shown(key) for key in sorted(known)):
        return f"No workspace has this tag. Name one that some have: {names}."
    return "No workspace has a tag. Give workspaces one in the Claude Console first."


@dataclass(frozen=True)
class _Stay:
    """An actor's days in the same teams."""

    actor: str
    teams: frozenset[str | None]
    first: date
    last: date


def _by_actor(found: Iterable[Belonging]) -> Iterator[list[Belonging]]:
    ordered = sorted(found, key=attrgetter("actor"))
    for _, own in groupby(ordered, attrgetter("actor")):
        yield list(own)


def _stays(own: Sequence[Belonging]) -> Iterator[_Stay]:
    """The days of one actor, split wherever a belonging begins or ends."""
    edges = {each.first for each in own}
    edges |= {each.last + ONE_DAY for each in own if each.last < date.max}
    for first, after in pairwise([*sorted(edges), None]):
        assert first
        teams = {each.team for each in own if each.first <= first <= each.last}
        if teams - {None}:
            last = after - ONE_DAY if after else date.max
            yield _Stay(own[0].actor, frozenset(teams), first, last)


def _joined(stays: Iterable[_Stay]) -> Iterator[_Stay]:
    """The stays in one team, joined where one follows another in the same team."""
    latest: _Stay | None = None
    for stay in stays:
        if len(stay.teams) > 1:
            continue
        if latest and _goes_on(latest, stay):
            latest = replace(latest, last=stay.last)
            continue
        if latest:
            yield latest
        latest = stay
    if latest:
        yield latest


def _goes_on(stay: _Stay, later: _Stay) -> bool:
    is_same = (stay.actor, stay.teams) == (later.actor, later.teams)
    return is_same and later.first == stay.last + ONE_DAY


def _numbered(stays: Iterable[_Stay]) -> list[Member]:
    """Rows of the teams' table, by team and actor; an open end is None."""
    rows = sorted(
        (team, stay.actor, stay.first, stay.last)
        for stay in stays
        for team in stay.teams
        if team
    )
    return [
        Member(
            actor,
            team,
            first if first > date.min else None,
            last if last < date.max else None,
            line,
        )
        for line, (team, actor, first, last) in enumerate(rows, 1)
    ]
