"""What the API sent beyond a contract: named, counted, kept, never dropped."""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

import pyarrow as pa

from whole_days.emails import without_emails
from whole_days.ledger_tables import notes
from whole_days.table import Column

from .strict_json import dumps

LONGEST_EXAMPLE = 200

UNKNOWNS = notes(
    "unknowns",
    "One row per fetch of a day and unknown field, tool or actor type in it. Rows are "
    "only appended.",
    [
        Column("kind", pa.string(), "field, tool or actor_type."),
        Column("name", pa.string(), "Path of a field, name of a tool, or actor type."),
        Column("records", pa.int64(), "Records of the day that had it (count)."),
        Column("example", pa.string(), "One value as JSON text, without emails."),
    ],
)


class Sighting(NamedTuple):
    """Something the contract does not know.

    `kind` is field, tool or actor_type, `records` the number of records that had it,
    `example` one value as JSON text, without emails and cut to a readable length, or
    None if it is not to be kept.
    """

    kind: str
    name: str
    records: int
    example: str | None


def merged(sightings: Iterable[Sighting]) -> list[Sighting]:
    """One sighting per kind and name: records summed, the first example kept."""
    firsts: dict[tuple[str, str], Sighting] = {}
    records: Counter[tuple[str, str]] = Counter()
    for sighting in sightings:
        firsts.setdefault(sighting[:2], sighting)
        records[sighting[:2]] += sighting.records
    return [firsts[key]._replace(records=count) for key, count in records.items()]


def withheld(seen: Sighting) -> Sighting:
    """The same without its example; its name has no emails."""
    return seen._replace(name=without_emails(seen.name), example=None)


def without_values(values: Iterable[str]) -> dict[str, None]:
    """The names of fields alone, without emails: their values are not to be kept."""
    return {without_emails(name): None for name in values}


def as_example(value: object) -> str:
    """A JSON value as a short text without emails."""
    return without_emails(dumps(value))[:LONGEST_EXAMPLE]
