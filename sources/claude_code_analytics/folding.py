"""The rows of a day without ids, and sums of them: several records become one.

Counts and cents of a sum are exact. A sum of nothing but nulls is null.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

import pyarrow as pa
import pyarrow.compute as pc

from anthropic_admin_api.errors import ContractError
from whole_days.ids import texts

from .contract import (
    CENTS,
    CENTS_READ,
    MODEL_BREAKDOWN,
    TOOL_ACTIONS,
    USAGE_REPORT,
)

MODELS_TEXT, TOOLS_TEXT = "models_text", "tools_text"
METRICS: Final = [
    name for name in USAGE_REPORT.schema.names if name.startswith("core_metrics__")
]
ENTRY: Final = MODEL_BREAKDOWN.schema.names[3:10]  # from the model to its cost
TOOL_COUNTS: Final = TOOL_ACTIONS.schema.names[3:6]
ENTRY_SUMS: Final = [name for name in ENTRY if name.startswith("tokens__")]
AMOUNT: Final = "estimated_cost__amount"
POSITION: Final = "_dlt_list_idx"
TOTAL: Final = pc.ScalarAggregateOptions(skip_nulls=True, min_count=1)


@dataclass(frozen=True)
class Parts:
    """The rows of a day: `parent` of an entry or a tool is the number of its record.

    The records also have the texts of their entries and tools, of which ids are made.
    """

    usage: pa.Table
    models: pa.Table
    tools: pa.Table


def with_texts(usage: pa.Table, models: pa.Table, tools: pa.Table) -> Parts:
    """The parts, with texts made of the entries and tools as `tables` makes them."""
    by_entry = models.sort_by([("parent", "ascending"), (POSITION, "ascending")])
    by_tool = tools.sort_by([("parent", "ascending"), ("tool", "ascending")])
    usage = usage.append_column(MODELS_TEXT, _told(by_entry, ENTRY, len(usage)))
    usage = usage.append_column(TOOLS_TEXT, _told(by_tool, TOOL_COUNTS, len(usage)))
    return Parts(usage, models, tools)


def dropped(parts: Parts, drops: Sequence[bool]) -> Parts:
    """The parts without some records."""
    kept = [row for row, drop in enumerate(drops) if not drop]
    places: list[int | None] = [None] * len(drops)
    for place, row in enumerate(kept):
        places[row] = place
    return Parts(
        parts.usage.take(pa.array(kept, pa.int64())),
        _moved(parts.models, places),
        _moved(parts.tools, places),
    )


def folded(parts: Parts, folds: Sequence[bool], keys: Sequence[str]) -> Parts:
    """The parts with one record in place of all records to fold that share `keys`.

    All its other columns but the counts are null.
    """
    kept = [row for row, fold in enumerate(folds) if not fold]
    rows = [row for row, fold in enumerate(folds) if fold]
    if not rows:
        return parts
    groups = _groups(parts.usage.take(pa.array(rows, pa.int64())), keys)
    places: list[int | None] = [None] * len(folds)
    for place, row in enumerate(kept):
        places[row] = place
    for group, row in zip(groups, rows, strict=True):
        places[row] = len(kept) + group
    models, tools = (_moved(table, places) for table in (parts.models, parts.tools))
    sums = with_texts(
        _summed_records(parts.usage.take(pa.array(rows, pa.int64())), groups, keys),
        _summed_entries(_from(models, len(kept))),
        _summed(_from(tools, len(kept)), ["tool"], ["accepted", "rejected"]),
    )
    before = parts.usage.take(pa.array(kept, pa.int64()))
    return Parts(
        pa.concat_tables([before, sums.usage.select(before.column_names)]),
        _joined(models, sums.models, len(kept)),
        _joined(tools, sums.tools, len(kept)),
    )


def _told(rows: pa.Table, names: Iterable[str], records: int) -> pa.Array:
    """One text per record of its rows, which are in the order of the records."""
    counts = [0] * records
    for parent in rows["parent"].to_pylist():
        counts[parent] += 1
    offsets = pa.array([0, *accumulate(counts)], pa.int64())
    each = texts(rows[name].combine_chunks() for name in names)
    return pc.binary_join(pa.LargeListArray.from_arrays(offsets, each), "")


def _groups(records: pa.Table, keys: Iterable[str]) -> list[int]:
    """The number of each record's group."""
    told = texts(records[key].combine_chunks() for key in keys)
    numbers: list[int] = told.dictionary_encode().indices.to_pylist()
    return numbers


def _moved(children: pa.Table, places: Sequence[int | None]) -> pa.Table:
    """The children of the records that have a place, with their new parents."""
    new = pa.array(places, pa.int64()).take(children["parent"].combine_chunks())
    at = children.column_names.index("parent")
    return children.set_column(at, "parent", new).filter(pc.is_valid(new))


def _from(children: pa.Table, first: int) -> pa.Table:
    """The children of the records from a number on, which becomes 0."""
    later = children.filter(pc.greater_equal(children["parent"], first))
    at = children.column_names.index("parent")
    return later.set_column(at, "parent", pc.subtract(later["parent"], first))


def _joined(children: pa.Table, sums: pa.Table, first: int) -> pa.Table:
    before = children.filter(pc.less(children["parent"], first))
    at = sums.column_names.index("parent")
    moved = sums.set_column(at, "parent", pc.add(sums["parent"], first))
    return pa.concat_tables([before, moved.select(before.column_names)])


def _summed_records(
    records: pa.Table, groups: Sequence[int], keys: Sequence[str]
) -> pa.Table:
    numbered = records.append_column("parent", pa.array(groups, pa.int64()))
    numbered = numbered.append_column("row", pa.arange(0, len(records)))
    first = numbered.group_by("parent").aggregate([("row", "min")]).sort_by("parent")
    like = records.take(first["row_min"])
    sums = _summed(numbered, [], METRICS)
    columns = {
        name: like[name] if name in keys else pa.nulls(len(like), like[name].type)
        for name in records.column_names
        if name not in (MODELS_TEXT, TOOLS_TEXT)
    }
    return pa.table(columns | {name: sums[name] for name in METRICS})


def _summed_entries(models: pa.Table) -> pa.Table:
    """Entries by record, model and currency, numbered in this order."""
    keys = ["model", "estimated_cost__currency"]
    sums = _summed(models, keys, [*ENTRY_SUMS, AMOUNT])
    seen: dict[int, int] = {}
    positions = []
    for parent in sums["parent"].to_pylist():
        positions.append(seen.get(parent, 0))
        seen[parent] = positions[-1] + 1
    return sums.append_column(POSITION, pa.array(positions, pa.int64()))


def _summed(rows: pa.Table, keys: Sequence[str], names: Sequence[str]) -> pa.Table:
    """Sums by parent and keys, in this order. Raises `ContractError` on overflow."""
    by = ["parent", *keys]
    columns = {name: rows[name] for name in by}
    columns |= {name: rows[name].cast(_wide(rows[name].type)) for name in names}
    sums = (
        pa.table(columns)
        .group_by(by)
        .aggregate([(name, "sum", TOTAL) for name in names])
        .sort_by([(key, "ascending") for key in by])
    )
    try:
        summed = {
            name: sums[f"{name}_sum"].cast(rows[name].type, safe=True) for name in names
        }
    except pa.ArrowInvalid as error:
        raise ContractError(f"a sum of the day is out of range: {error}") from None
    return pa.table({name: sums[name] for name in by} | summed)


def _wide(kind: pa.DataType) -> pa.DataType:
    """A type whose sums do not overflow: Arrow's sums of integers do, silently."""
    return CENTS_READ if kind == CENTS else pa.decimal128(38)
