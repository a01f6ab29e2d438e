"""Turn the results of one day into rows of the report's table."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from anthropic_admin_api.sightings import UNKNOWNS, Sighting, as_example, merged
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


def results_day(
    table: Table,
    results: Sequence[Result],
    beside: Mapping[str, Any],
    whose: Whose,
    day: date,
) -> Day[ResultsSummary]:
    """A day from the results of its bucket. Raises `ContractError`."""
    rows = [_row(table, result) | _keys(whose, day) for result in results]
    made = table.of(rows)
    told = [made[name] for name in made.column_names if name not in ("date", ID)]
    ids = row_ids(texts(told), f"{whose.account}\x1f{day}")
    place = table.schema.get_field_index(ID)
    made = made.set_column(place, table.schema.field(ID), ids)
    drift = merged([*_sightings("reply.", beside), *_all_sightings(table, results)])
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


def _row(table: Table, result: Result) -> dict[str, Any]:
    flat = dict(_leaves(result))
    known = {
        column.name: cell(column.name, column.type, flat.get(column.name))
        for column in table.columns
        if column.name not in OURS
    }
    unknown = _unknown(table, flat)
    return known | {"unknown_fields": dumps(unknown) if unknown else None}


def _unknown(table: Table, flat: Mapping[str, Any]) -> dict[str, Any]:
    """The values beyond the contract, by path. Null is what ungrouped fields are."""
    known = {column.name for column in table.columns if column.name not in OURS}
    return {
        name.replace("__", "."): value
        for name, value in flat.items()
        if name not in known and value is not None
    }


def _all_sightings(table: Table, results: Sequence[Result]) -> Iterator[Sighting]:
    for result in results:
        yield from _sightings("", _unknown(table, dict(_leaves(result))))


def _sightings(prefix: str, values: Mapping[str, Any]) -> Iterator[Sighting]:
    for name, value in values.items():
        yield Sighting("field", prefix + name, 1, as_example(value))


def _leaves(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values by path."""
    for name, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{prefix}{name}__")
        else:
            yield prefix + name, inner
