"""Who owns which API key: derived from the directory, and stored like an input file.

The rule is that of the view `key_owners`. Where teams are of tags, those of keys are
here too, because a name of keys is one of an organisation. Stored marts read what was
stored of it, so that they change with a load, and never by themselves.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from whole_days.calendar import ONE_DAY

from .input_file import InputFile, hash_of_rows
from .spans import joined, pieces
from .tables import ACTOR_OWNERS
from .tags import KeyName, KeyTeam


@dataclass(frozen=True)
class Owner:
    """Days on which the keys of a name are of one owner, or of none for one reason.

    `team` is that of tags: empty if these name none, None if teams are not of tags.
    """

    account: str
    organization_id: str | None
    actor: str
    valid_from: date
    valid_to: date
    resolution: str
    owner: str | None
    team: str | None = None

    @property
    def key(self) -> KeyName:
        """The name of the keys."""
        return KeyName(self.account, self.organization_id, self.actor)

    def as_row(self) -> dict[str, Any]:
        """The columns of `actor_owners`."""
        return asdict(self)


def owners_file(rows: Iterable[Owner]) -> InputFile:
    """The owners of all names. Days that say the same are one row.

    Otherwise each new status of a key would make a version and refill stored marts.
    """
    owners = list(joined(sorted(rows, key=_place), _as_one))
    return InputFile("owners", "directory", ACTOR_OWNERS, hash_of_rows(owners), owners)


def with_teams(
    rows: Iterable[Owner], names: Iterable[KeyName], teams: Iterable[KeyTeam]
) -> Iterator[Owner]:
    """The owners of all days of these names, with their teams by tags.

    Where tags decide, a key that they give no team is told of, too: its name may be
    somebody's email, whose team is not the key's.
    """
    owners: defaultdict[KeyName, list[Owner]] = defaultdict(list)
    placed: defaultdict[KeyName, list[KeyTeam]] = defaultdict(list)
    for row in rows:
        owners[row.key].append(row)
    for team in teams:
        placed[team.key].append(team)
    for name in names:
        yield from _days_of(name, owners[name], placed[name])


def _days_of(
    name: KeyName, owners: Sequence[Owner], teams: Sequence[KeyTeam]
) -> Iterator[Owner]:
    """All days of a name, apart wherever its owner or its team changes."""
    all_days = (date.min, date.max)
    spans = [all_days, *((row.valid_from, row.valid_to) for row in owners)]
    spans += [(row.first, row.last) for row in teams]
    for first, last in pieces(spans):
        nobodys = Owner(*name, first, last, "unknown", None)
        owner = next(
            (row for row in owners if row.valid_from <= first <= row.valid_to), nobodys
        )
        team = next((row.team for row in teams if row.first <= first <= row.last), "")
        yield replace(owner, valid_from=first, valid_to=last, team=team)


def _as_one(earlier: Owner, later: Owner) -> Owner | None:
    one = replace(later, valid_from=earlier.valid_from)
    is_same = replace(earlier, valid_to=later.valid_to) == one
    return one if is_same and earlier.valid_to + ONE_DAY == later.valid_from else None


def _place(row: Owner) -> tuple[str, str, str, date]:
    return row.account, row.organization_id or "", row.actor, row.valid_from
