"""Teams from tags of workspaces, in place of a file: `teams = "workspace_tag:team"`.

Who is in a workspace whose tag has a value is in the team of this name: members by
email, and API keys by the name that they have in their organisation. Who would be in
several teams on a day is in none.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final, Generic, NamedTuple, TypeVar

from whole_days.calendar import ONE_DAY

from .faults import Fault, InputFileError, shown
from .input_file import InputFile, hash_of_rows
from .letters import hidden
from .spans import joined, pieces
from .tables import TEAM_MEMBERS
from .teams import NO_TEAM, Member, Roster, is_reserved

PREFIX: Final = "workspace_tag:"


class KeyName(NamedTuple):
    """A name of API keys. Another organisation may have keys of the same name."""

    account: str
    organization_id: str | None
    name: str


Actor = TypeVar("Actor", str, KeyName)


@dataclass(frozen=True)
class TeamsTag:
    """The key of the tag whose values are teams, and how small a team may be.

    None leaves the stored size.
    """

    key: str
    min_group_size: int | None = None

    @property
    def name(self) -> str:
        """As the settings have it."""
        return f"{PREFIX}{self.key}"


@dataclass(frozen=True)
class Belonging(Generic[Actor]):
    """An actor's days in a workspace, both ends included: a folded email or a key.

    `team` is None where the workspace's tag has no value.
    """

    actor: Actor
    team: str | None
    first: date
    last: date


class KeyTeam(NamedTuple):
    """Days on which all keys of a name are in workspaces of one team."""

    key: KeyName
    team: str
    first: date
    last: date


@dataclass(frozen=True)
class TagTeams:
    """The teams of a tag: a file of people, and those of keys.

    `undecided` are people who are in none today for being in several, with these, and
    `undecided_keys` the names of such keys.
    """

    file: InputFile
    keys: Sequence[KeyTeam]
    undecided: dict[str, list[str]]
    undecided_keys: dict[str, list[str]]

    def roster(self, today: date) -> Roster:
        """The teams, those of keys alone too, and how many people are in them."""
        rows = [row for row in self.file.rows if isinstance(row, Member)]
        teams = {*(row.team for row in rows), *(key.team for key in self.keys)}
        return Roster(frozenset(teams), sum(row.is_of(today) for row in rows))


def team_of(value: object) -> str | None:
    """The team that a tag's value names.

    Empty ones name none, nor do ours in brackets and what no file may hold: line breaks
    and other characters that nobody sees.
    """
    team = value.strip() if isinstance(value, str) else ""
    return team if team and not hidden(team) and not is_reserved(team) else None


def teams_of_tag(
    tag: TeamsTag,
    known: Iterable[str],
    people: Iterable[Belonging[str]],
    keys: Iterable[Belonging[KeyName]],
    today: date,
) -> TagTeams:
    """The teams of these belongings; `known` are the tags that name any team.

    Raises `InputFileError` if the tag is not one of them: it may be misspelt.
    """
    if tag.key not in (known := {*known}):
        raise InputFileError(tag.name, [Fault(None, None, _no_such(known))])
    stays, stays_of_keys = _all_stays(people), _all_stays(keys)
    members = _numbered(_in_one_team(stays))
    digest = hash_of_rows([tag.name, *members])
    file = InputFile(
        "teams", tag.name, TEAM_MEMBERS, digest, members, tag.min_group_size
    )
    of_keys = [
        KeyTeam(stay.actor, team, stay.first, stay.last)
        for stay in _in_one_team(stays_of_keys)
        for team in stay.teams
        if team
    ]
    names: defaultdict[str, set[str]] = defaultdict(set)
    for key, teams in _undecided(stays_of_keys, today).items():
        names[key.name].update(teams)
    undecided_keys = {name: sorted(teams) for name, teams in names.items()}
    return TagTeams(file, of_keys, _undecided(stays, today), undecided_keys)


def _no_such(known: Iterable[str]) -> str:
    if names := ", ".join(shown(key) for key in sorted(known)):
        return (
            f"No workspace has this tag with a value. Name one that some have: {names}."
        )
    return (
        "No workspace has a tag with a value. Give workspaces one in the Claude "
        "Console first."
    )


@dataclass(frozen=True)
class _Stay(Generic[Actor]):
    """An actor's days in the same teams."""

    actor: Actor
    teams: frozenset[str | None]
    first: date
    last: date


def _undecided(stays: Iterable[_Stay[Actor]], today: date) -> dict[Actor, list[str]]:
    return {
        stay.actor: sorted(team or NO_TEAM for team in stay.teams)
        for stay in stays
        if len(stay.teams) > 1 and stay.first <= today <= stay.last
    }


def _all_stays(found: Iterable[Belonging[Actor]]) -> list[_Stay[Actor]]:
    by_actor: defaultdict[Actor, list[Belonging[Actor]]] = defaultdict(list)
    for each in found:
        by_actor[each.actor].append(each)
    return [stay for own in by_actor.values() for stay in _stays(own)]


def _stays(own: Sequence[Belonging[Actor]]) -> Iterator[_Stay[Actor]]:
    """The days of one actor, apart wherever a belonging begins or ends."""
    for first, last in pieces((each.first, each.last) for each in own):
        teams = {each.team for each in own if each.first <= first <= each.last}
        if teams - {None}:
            yield _Stay(own[0].actor, frozenset(teams), first, last)


def _in_one_team(stays: Iterable[_Stay[Actor]]) -> Iterator[_Stay[Actor]]:
    """The stays in one team, without seams between days in the same one."""
    return joined((stay for stay in stays if len(stay.teams) == 1), _as_one)


def _as_one(earlier: _Stay[Actor], later: _Stay[Actor]) -> _Stay[Actor] | None:
    one = replace(later, first=earlier.first)
    is_same = replace(earlier, last=later.last) == one
    return one if is_same and earlier.last + ONE_DAY == later.first else None


def _numbered(stays: Iterable[_Stay[str]]) -> list[Member]:
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
