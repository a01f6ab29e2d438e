"""What a dataset remembers of its privacy, as facts.

| fact | value |
|---|---|
| `pseudonym_secret` | fingerprint of the secret that the pseudonyms are made with |
| `unfinished_pseudonyms` | a word, until `pseudonymise` has ended |
| `forgotten_salt` | the salt of the hashes of forgotten people |
| `forgotten:<hash>` | of a forgotten person: `summed` or `dropped` |
| `people_from` | the day before which all days are sums |
"""

import secrets
from collections.abc import Mapping
from datetime import date
from typing import Final

from whole_days.privacy import Privacy, keyed, salted

from ..reports import RECORDS
from .errors import PrivacyError
from .facts import forget_fact, read_facts, write_fact
from .other import Client
from .statements import is_there, make_dataset

SECRET_FACT: Final = "pseudonym_secret"
UNFINISHED_FACT: Final = "unfinished_pseudonyms"
SALT_FACT: Final = "forgotten_salt"
PEOPLE_FACT: Final = "people_from"
FORGOTTEN: Final = "forgotten:"
SUMMED, DROPPED = "summed", "dropped"
FINGERPRINT: Final = "ccwarehouse fingerprint of the secret"

NAMES_STORED: Final = (
    "Dataset {dataset} was begun without pseudonyms, and holds names. Bring it over "
    "first: ccwarehouse pseudonymise"
)
NO_SECRET: Final = (
    "Dataset {dataset} holds pseudonyms, but pseudonymise is not set, so that names "
    "would come beside them. Set pseudonymise = true and the pseudonym_secret that it "
    "was begun with."
)
OTHER_SECRET: Final = (
    "pseudonym_secret is another one than dataset {dataset} was begun with, so that "
    "each person would become two. Set that one; if it is lost, load into a new "
    "dataset (--dataset)."
)
UNFINISHED: Final = (
    "Dataset {dataset} holds names and pseudonyms, as ccwarehouse pseudonymise was cut "
    "short. Run it again."
)


def read_privacy(client: Client, secret: str | None) -> Privacy:
    """What the dataset demands, with the secret of the settings.

    Raises `PrivacyError` unless the secret is the one that the dataset was begun with,
    or there is none in both.
    """
    facts = read_facts(client)
    known = facts.get(SECRET_FACT)
    if UNFINISHED_FACT in facts:
        raise PrivacyError(UNFINISHED.format(dataset=client.dataset_name))
    if known and not secret:
        raise PrivacyError(NO_SECRET.format(dataset=client.dataset_name))
    if secret and not known and is_begun(client):
        raise PrivacyError(NAMES_STORED.format(dataset=client.dataset_name))
    require_same_secret(client, facts, secret)
    return of_facts(facts, secret)


def of_facts(facts: Mapping[str, str], secret: str | None) -> Privacy:
    """What a dataset with these facts remembers, whatever its secret is."""
    people_from = facts.get(PEOPLE_FACT)
    return Privacy(
        secret=secret,
        salt=facts.get(SALT_FACT, ""),
        forgotten={
            name.removeprefix(FORGOTTEN): value == DROPPED
            for name, value in facts.items()
            if name.startswith(FORGOTTEN)
        },
        people_from=date.fromisoformat(people_from) if people_from else None,
    )


def require_same_secret(
    client: Client, facts: Mapping[str, str], secret: str | None
) -> None:
    """Raise `PrivacyError` if the dataset was begun with another secret."""
    known = facts.get(SECRET_FACT)
    if secret and known and known != fingerprint(secret):
        raise PrivacyError(OTHER_SECRET.format(dataset=client.dataset_name))


def fingerprint(secret: str) -> str:
    """Tells secrets apart, and tells nothing about a secret of enough letters."""
    return keyed(secret, FINGERPRINT)[:16]


def begin_with(client: Client, secret: str) -> None:
    """Note the secret of a new dataset, before it has a row."""
    make_dataset(client)
    note_secret(client, secret)


def note_secret(client: Client, secret: str) -> None:
    """Note the secret, unless it is noted."""
    if SECRET_FACT not in read_facts(client):
        write_fact(client, SECRET_FACT, fingerprint(secret))


def note_unfinished(client: Client) -> None:
    """Note that names are about to be replaced: no load may come between."""
    write_fact(client, UNFINISHED_FACT, "yes")


def note_finished(client: Client) -> None:
    """Note that all names are replaced."""
    forget_fact(client, UNFINISHED_FACT)


def note_forgotten(client: Client, stored_name: str, *, drops: bool) -> None:
    """Remember a person to forget, by a hash of the name as it is stored."""
    facts = read_facts(client)
    salt = facts.get(SALT_FACT)
    if salt is None:
        salt = secrets.token_hex(16)
        write_fact(client, SALT_FACT, salt)
    fact = f"{FORGOTTEN}{salted(salt, stored_name)}"
    write_fact(client, fact, DROPPED if drops else SUMMED)


def note_people_from(client: Client, first: date) -> None:
    """Note the first day that is kept by person; an earlier one changes nothing."""
    known = read_facts(client).get(PEOPLE_FACT)
    if known is None or known < first.isoformat():
        write_fact(client, PEOPLE_FACT, first.isoformat())


def is_begun(client: Client) -> bool:
    """Whether a load has ever made the tables."""
    return is_there(client, RECORDS)
