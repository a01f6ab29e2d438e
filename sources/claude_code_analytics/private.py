"""A day without the names that are not to be stored, before ids are made of it."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any, Final

import pyarrow as pa
import pyarrow.compute as pc
import simplejson

from anthropic_admin_api.sightings import Sighting, withheld, without_values
from anthropic_admin_api.strict_json import dumps
from whole_days.emails import emails
from whole_days.privacy import Privacy

from .folding import Parts, dropped, folded

NAMES: Final = ("actor__email_address", "actor__api_key_name")
UNKNOWN: Final = "unknown_fields"

# What a record keeps that stands for no person any more. A day of sums has less:
# somebody may be the only one with a terminal.
OF_SUMS: Final = (
    "organization_id",
    "actor__type",
    "customer_type",
    "subscription_type",
)
OF_NAMELESS: Final = (*OF_SUMS, "is_remote", "terminal_type")

# The columns that are null in all records of a day of sums.
PERSONAL: Final = (*NAMES, "is_remote", "terminal_type", UNKNOWN)


def private(parts: Parts, privacy: Privacy, day: date) -> Parts:
    """The day as it is to be stored. The parts themselves if there is nothing to do."""
    fates = _fates(parts.usage, privacy)
    if any(fates):
        parts = dropped(parts, [bool(fate) for fate in fates])
        fates = [fate for fate in fates if not fate]
    usage = _withheld(parts.usage, privacy)
    if privacy.is_summed(day):
        everyone = [True] * len(usage)
        without = _blank(usage, PERSONAL, everyone)
        return folded(Parts(without, parts.models, parts.tools), everyone, OF_SUMS)
    forgotten = [fate is False for fate in fates]
    if any(forgotten):
        usage = _blank(usage, (*NAMES, UNKNOWN), forgotten)
    if privacy.secret:
        for name in NAMES:
            usage = _changed(usage, name, privacy.stored_name)
    parts = Parts(usage, parts.models, parts.tools)
    return folded(parts, _nameless(usage), OF_NAMELESS) if any(forgotten) else parts


def private_drift(seen: Sighting, privacy: Privacy) -> Sighting:
    """The sighting as it is to be stored."""
    return withheld(seen) if privacy.withholds else seen


def _fates(usage: pa.Table, privacy: Privacy) -> list[bool | None]:
    """Of each record: None to keep the name, else whether the record is dropped."""
    if not privacy.forgotten:
        return []
    known: dict[str | None, bool | None] = {None: None}
    fates: list[bool | None] = []
    columns = (usage[name].to_pylist() for name in NAMES)
    for names in zip(*columns, strict=True):
        for name in names:
            if name not in known:
                known[name] = privacy.fate(name)
        found = [known[name] for name in names if known[name] is not None]
        fates.append(any(found) if found else None)
    return fates


def _nameless(usage: pa.Table) -> list[bool]:
    """The records that nothing tells apart but their keys."""
    empty = [pc.equal(pc.fill_null(usage[name], ""), "") for name in NAMES]
    told_of = pc.is_null(usage[UNKNOWN])
    found: list[bool] = pc.and_(pc.and_(*empty), told_of).to_pylist()
    return found


def _withheld(usage: pa.Table, privacy: Privacy) -> pa.Table:
    """The records without values beyond the contract that may tell of a person."""
    if not privacy.withholds or usage[UNKNOWN].null_count == len(usage):
        return usage

    def change(text: str) -> str:
        values = simplejson.loads(text, use_decimal=True)
        tells = privacy.secret or any(
            privacy.fate(part) is not None for part in _texts(values)
        )
        if not tells:
            return text
        return dumps(without_values(values))

    return _changed(usage, UNKNOWN, change)


def _texts(value: Any) -> Iterator[str]:  # noqa: ANN401 - of JSON
    """The texts in a JSON value, and the emails in them."""
    match value:
        case str():
            yield value
            yield from emails(value)
        case dict():
            for name, inner in value.items():
                yield from _texts(name)
                yield from _texts(inner)
        case list():
            for inner in value:
                yield from _texts(inner)


def _changed(usage: pa.Table, name: str, change: Callable[[str], str]) -> pa.Table:
    """The table with each text of a column changed; null stays null."""
    encoded = usage[name].combine_chunks().dictionary_encode()
    new = [change(text) for text in encoded.dictionary.to_pylist()]
    column = pa.array(new, pa.string()).take(encoded.indices)
    return usage.set_column(usage.column_names.index(name), name, column)


def _blank(usage: pa.Table, names: Sequence[str], where: Sequence[bool]) -> pa.Table:
    """The table with nulls in some columns of some rows."""
    mask = pa.array(where, pa.bool_())
    for name in names:
        nothing = pa.scalar(None, usage[name].type)
        column = pc.if_else(mask, nothing, usage[name])
        usage = usage.set_column(usage.column_names.index(name), name, column)
    return usage
