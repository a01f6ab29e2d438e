"""Who owns which API key: derived from the directory, and stored like an input file.

The rule is that of the view `key_owners`. Stored marts read what was stored of it, so
that they change with a load, and never by themselves.
"""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import date
from typing import Any

from whole_days.calendar import ONE_DAY

from .input_file import InputFile, hash_of_rows
from .tables import ACTOR_OWNERS


@dataclass(frozen=True)
class Owner:
    """Days on which the keys of a name are of one owner, or of none for one reason."""

    account: str
    organization_id: str | None
    actor: str
    valid_from: date
    valid_to: date
    resolution: str
    owner: str | None

    def as_row(self) -> dict[str, Any]:
        """The columns of `actor_owners`."""
        return asdict(self)

    def goes_on_in(self, later: "Owner") -> bool:
        """Whether the next day says the same."""
        joined = replace(later, valid_from=self.valid_from, valid_to=self.valid_to)
        return joined == self and self.valid_to + ONE_DAY == later.valid_from


def owners_file(rows: Iterable[Owner]) -> InputFile:
    """The owners of all names. Days that say the same are one row.

    Otherwise each new status of a key would make a version and refill stored marts.
    """
    owners = list(_joined(rows))
    return InputFile("owners", "directory", ACTOR_OWNERS, hash_of_rows(owners), owners)


def _joined(rows: Iterable[Owner]) -> Iterator[Owner]:
    latest: Owner | None = None
    for row in sorted(rows, key=_place):
        if latest and latest.goes_on_in(row):
            latest = replace(latest, valid_to=row.valid_to)
            continue
        if latest:
            yield latest
        latest = row
    if latest:
        yield latest


def _place(row: Owner) -> tuple[str, str, str, date]:
    return row.account, row.organization_id or "", row.actor, row.valid_from
