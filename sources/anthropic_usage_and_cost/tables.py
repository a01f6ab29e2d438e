"""Turn the results of one day into rows of the report's table."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from anthropic_admin_api.sightings import (
    UNKNOWNS,
    Sighting,
    as_example,
    merged,
    withheld,
    without_values,
)
from anthropic_admin_api.strict_json import dumps
from whole_days.ids import content_hash, row_ids, texts
from whole_days.report import Day
from whole_days.table import ID, Table

from .buckets import Result
from .cells import cell

# The columns that no result has.
OURS = ("account", "date", "organization_id", "unknown_fields", ID)


@dataclass(frozen=True)
class ResultsSummary:
    """What a load reports about a day beside its records.

    `drift` is what the API sent beyond the contract.
    """

    drift: list[Sighting]


@dataclass(frozen=True)
class Whose:
    """The account of a key, and the organisation that it belongs to."""

    account: str
    organization_id: str


@dataclass(frozen=True)
class Sent:
    """The results of a day, and what the replies hold beside buckets.

    With `withholds` the values beyond the contract are not kept: they may tell of a
    person.
    """

    results: Sequence[Result]
    beside: Mapping[str, Any]
    withholds: bool = False


def results_day(
    table: Table, sent: Sent, whose: Whose, day: date
) -> Day[ResultsSummary]:
    """A day from the results of its bucket. Raises `ContractError`."""
    flat = [dict(leaves(result)) for result in sent.results]
    unknown = [_unknown(table, values) for values in flat]
    rows = [
        _row(table, values, beyond, withholds=sent.withholds) | _keys(whose, day)
        for values, beyond in zip(flat, unknown, strict=True)
    ]
    made = table.of(rows)
    told = [made[name] for name in made.column_names if name not in ("date", ID)]
    ids = row_ids(texts(told), f"{whose.account}\x1f{day}")
    place = table.schema.get_field_index(ID)
    made = made.set_column(place, table.schema.field(ID), ids)
    drift = merged(_sightings(unknown, sent))
    return Day(
        pages=1,
        records=len(made),
        counts={table.name: len(made)},
        content_hash=content_hash(ids),
        rows={table.name: made}.__getitem__,
        summary=ResultsSummary(drift),
        organizations=frozenset([whose.organization_id] if rows else []),
        notes={UNKNOWNS.name: [sighting._asdict() for sighting in drift]},
    )


def _keys(whose: Whose, day: date) -> dict[str, Any]:
    return {
        "account": whose.account,
        "date": day,
        "organization_id": whose.organization_id,
    }


def _row(
    table: Table, flat: Mapping[str, Any], beyond: Mapping[str, Any], *, withholds: bool
) -> dict[str, Any]:
    """The values of a result's columns, with those beyond the contract as JSON."""
    known = {
        column.name: cell(column.name, column.type, flat.get(column.name))
        for column in table.columns
        if column.name not in OURS
    }
    kept = without_values(beyond) if withholds else beyond
    return known | {"unknown_fields": dumps(kept) if kept else None}


def _unknown(table: Table, flat: Mapping[str, Any]) -> dict[str, Any]:
    """The values beyond the contract, by path. Null is what ungrouped fields are."""
    known = {column.name for column in table.columns if column.name not in OURS}
    return {
        name.replace("__", "."): value
        for name, value in flat.items()
        if name not in known and value is not None
    }


def _sightings(unknown: Iterable[Mapping[str, Any]], sent: Sent) -> Iterator[Sighting]:
    """All that is beyond the contract, in the replies and in the results."""
    replies = {f"reply.{name}": value for name, value in sent.beside.items()}
    for values in (replies, *unknown):
        for name, value in values.items():
            seen = Sighting("field", name, 1, as_example(value))
            yield withheld(seen) if sent.withholds else seen


def leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by path, whose names are joined by two underscores."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from leaves(inner, f"{prefix}{name}__")
        else:
            yield prefix + name, inner
