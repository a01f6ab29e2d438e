"""What is stored of people: their names, pseudonyms, or nobody's.

A pseudonym is the HMAC-SHA256 of a folded name under a secret. It is the same in every
day and file, so joins and counts of people still work, and without the secret it cannot
be guessed. That of an email ends with `@pseudonym`, so that people and keys stay apart.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Final

FOLDED: Final = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
)
OF_EMAIL: Final = "@pseudonym"
PSEUDONYM: Final = re.compile(rf"[0-9a-f]{{64}}(?:{OF_EMAIL})?")
LETTERS_SHOWN: Final = 10
SHORTEST_SECRET: Final = 32  # characters, as `openssl rand -hex 16` prints


def folded(name: str) -> str:
    """A name with A to Z in lower case, as the views and the files have it."""
    return name.translate(FOLDED)


def is_pseudonym(name: str) -> bool:
    """Whether a text has the form of a pseudonym."""
    return PSEUDONYM.fullmatch(name) is not None


def brief(name: str) -> str:
    """The first letters of a pseudonym, for people; other names unchanged."""
    return f"{name[:LETTERS_SHOWN]}..." if is_pseudonym(name) else name


def keyed(secret: str, text: str) -> str:
    """HMAC-SHA256 in hexadecimal."""
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest()


def pseudonym(secret: str, name: str) -> str:
    """The pseudonym of an email or of a key's name."""
    return keyed(secret, folded(name)) + (OF_EMAIL if "@" in name else "")


def salted(salt: str, name: str) -> str:
    """The hash under which a dataset remembers a name that it has to forget."""
    return hashlib.sha256(f"{salt}\x1f{folded(name)}".encode()).hexdigest()


@dataclass(frozen=True)
class Privacy:
    """What becomes of the names in a day, before anything else is made of it.

    `secret` makes pseudonyms; without one, names are stored. `forgotten` are the
    `salted` hashes of people to forget, True for those whose rows are dropped. Days
    before `people_from` are stored as sums, without people. With `is_stored` the names
    come from the dataset, where some are pseudonyms already.
    """

    secret: str | None = field(default=None, repr=False)
    salt: str = ""
    forgotten: Mapping[str, bool] = field(default_factory=dict)
    people_from: date | None = None
    is_stored: bool = False

    @property
    def withholds(self) -> bool:
        """Whether examples of what the contract does not know are not kept."""
        return bool(self.secret or self.forgotten)

    def of_stored(self) -> "Privacy":
        """The same, for names that come from the dataset."""
        return replace(self, is_stored=True)

    def is_summed(self, day: date) -> bool:
        """Whether the day is stored as sums."""
        return self.people_from is not None and day < self.people_from

    def stored_name(self, name: str) -> str:
        """The name, or its pseudonym; an empty one stays empty."""
        if not (name and self.secret) or (self.is_stored and is_pseudonym(name)):
            return name
        return pseudonym(self.secret, name)

    def fate(self, name: str) -> bool | None:
        """None for a name to keep; for a forgotten one, whether its rows are dropped.

        The dataset may have forgotten the name, or later its pseudonym.
        """
        if not self.forgotten:
            return None
        for known in (name, self.stored_name(name)):
            dropped = self.forgotten.get(salted(self.salt, known))
            if dropped is not None:
                return dropped
        return None


NAMED: Final = Privacy()
