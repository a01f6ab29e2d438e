"""The pages of one day become the day's rows in three tables."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from whole_days.ids import content_hash, row_ids, texts

from .contract import (
    CENTS,
    CENTS_READ,
    GRAIN,
    KNOWN_ACTOR_TYPES,
    MODEL,
    RECORD,
    TABLES,
    TOOL,
)
from .drift import Sighting, as_example, merged
from .errors import ContractError
from .reply import Page


@dataclass(frozen=True)
class DayTables:
    """The rows of one day for each table, and the sums the ledger keeps of them.

    `parts` are the rows without what a child has from its record, which would take more
    room than all the rest; `counts` tells how many they are, also when they have been
    let go. `twins` counts the records that share their grain with an earlier one,
    `models` the entries of each model, `organizations` are those the records belong to;
    `drift` is what the contract does not know.
    """

    account: str
    day: date
    parts: dict[str, pa.Table]
    counts: dict[str, int]
    content_hash: str
    num_sessions: int
    estimated_cost_cents: Decimal
    twins: int
    models: dict[str, int]
    organizations: frozenset[str]
    drift: list[Sighting]

    @property
    def records(self) -> int:
        """How many records the day has."""
        return self.counts["usage_report"]

    @property
    def rows(self) -> dict[str, pa.Table]:
        """The rows of each table, whole; they are made when they are asked for."""
        usage = self.parts["usage_report"]
        return {
            "usage_report": self._whole("usage_report", columns(usage)),
            **{
                name: self._whole(name, _child(self.parts[name], label, usage))
                for name, label in LABELS.items()
            },
        }

    def let_go(self) -> None:
        """Hold the rows no longer."""
        self.parts.clear()

    def _whole(self, name: str, by_name: dict[str, pa.ChunkedArray]) -> pa.Table:
        """The contract's columns in their order; the load's id comes with the load."""
        by_name["account"] = pa.repeat(pa.scalar(self.account), self.counts[name])
        by_name["date"] = pa.repeat(pa.scalar(self.day, pa.date32()), self.counts[name])
        schema = TABLES[name].schema
        return pa.table({key: by_name[key] for key in schema.names}, schema)


# What tells the children of a record apart.
LABELS = {
    "usage_report__model_breakdown": "_dlt_list_idx",
    "usage_report__tool_actions": "tool",
}


def day_tables(pages: Sequence[Page], account: str, day: date) -> DayTables:
    """All pages of one day as rows. Raises `ContractError` for another day's record."""
    records, models, tools = _joined(pages)
    _require_day(records["date"], day)
    ids = row_ids(records["content"], f"{account}\x1f{day}")
    usage = pa.table(
        {
            **columns(records.drop_columns(["content", "date"])),
            "actor__type": _actor_type(records),
            "_dlt_id": ids,
        }
    )
    parts = {
        "usage_report": usage,
        "usage_report__model_breakdown": models,
        "usage_report__tool_actions": tools,
    }
    return DayTables(
        account=account,
        day=day,
        parts=parts,
        counts={name: len(table) for name, table in parts.items()},
        content_hash=content_hash(ids),
        num_sessions=_sum_of_sessions(usage),
        estimated_cost_cents=_usd_cents(models),
        twins=_twins(usage),
        models=_counted(models["model"]),
        organizations=frozenset(_counted(usage["organization_id"])) - {""},
        drift=merged(
            [*(seen for page in pages for seen in page.drift), *_actor_types(usage)]
        ),
    )


def columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The columns of a table by name."""
    return dict(zip(table.column_names, table.columns, strict=True))


def _joined(pages: Sequence[Page]) -> Iterator[pa.Table]:
    """Records, model entries and tools of all pages; `parent` numbers records."""
    first = 0
    flat = []
    for page in pages:
        flat.append(_flatten(page, first))
        first += len(page.records)
    return (pa.concat_tables(parts) for parts in zip(*flat, strict=True))


def _flatten(page: Page, first: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    fields = dict(zip(page.records.type.names, page.records.flatten(), strict=True))
    models, model_texts = _model_rows(fields["model_breakdown"], first)
    tools, tool_texts = _tool_rows(fields["tool_actions"], first)
    usage = dict(_leaves({name: fields[name] for name in RECORD.names}))
    usage["unknown_fields"] = page.unknown
    told = [column for name, column in usage.items() if name != "date"]
    content = texts([*told, model_texts, tool_texts])
    return pa.table({**usage, "content": content}), models, tools


def _leaves(
    fields: dict[str, pa.Array], prefix: str = ""
) -> Iterator[tuple[str, pa.Array]]:
    """Nested columns as flat ones, named as dlt names them: `actor__type`."""
    for name, column in fields.items():
        if pa.types.is_struct(column.type):
            inner = dict(zip(column.type.names, column.flatten(), strict=True))
            yield from _leaves(inner, f"{prefix}{name}__")
        else:
            yield prefix + name, column


def _model_rows(breakdown: pa.ListArray, first: int) -> tuple[pa.Table, pa.Array]:
    """A row per entry, and per record one text that holds its entries in order."""
    entries = breakdown.flatten()
    if entries.null_count:
        raise ContractError("an entry of a model_breakdown is null")
    fields = dict(_leaves(dict(zip(MODEL.names, entries.flatten(), strict=True))))
    fields["estimated_cost__amount"] = _as_cents(fields["estimated_cost__amount"])
    parents = pc.list_parent_indices(breakdown)
    lengths = pc.fill_null(pc.list_value_length(breakdown), 0).cast(pa.int64())
    ends = pc.cumulative_sum(lengths)
    starts = pc.subtract(ends, lengths)
    index = pc.subtract(pa.arange(0, len(entries)), starts.take(parents))
    rows = {**fields, "_dlt_list_idx": index, "parent": pc.add(parents, first)}
    offsets = pa.concat_arrays([pa.array([0], pa.int64()), ends])
    lists = pa.LargeListArray.from_arrays(offsets, texts(fields.values()))
    return pa.table(rows), pc.binary_join(lists, "")


def _tool_rows(actions: pa.StructArray, first: int) -> tuple[pa.Table, pa.Array]:
    """A row per record and tool, and per record one text that holds its tools."""
    names, records = actions.type.names, len(actions)
    cells = pa.concat_arrays(actions.flatten())
    fields = {
        "tool": pa.concat_arrays([pa.repeat(name, records) for name in names]),
        **dict(zip(TOOL.names, cells.flatten(), strict=True)),
    }
    answered = cells.is_valid()
    text = pc.if_else(answered, texts(fields.values()), "")
    told = [text.slice(at * records, records) for at in range(len(names))]
    parents = pa.concat_arrays([pa.arange(first, first + records)] * len(names))
    rows = pa.table({**fields, "parent": parents}).filter(answered)
    return rows, pc.binary_join_element_wise(*told, "")


def _require_day(dates: pa.ChunkedArray, day: date) -> None:
    if dates.null_count:
        raise ContractError("a record has no date")
    if pc.all(pc.equal(dates, f"{day}T00:00:00Z")).as_py() is not False:
        return
    midnight = pc.if_else(pc.equal(pc.utf8_length(dates), 10), "T00:00:00Z", "")
    try:
        moments = pc.binary_join_element_wise(dates, midnight, "").cast(
            pa.timestamp("ns", "UTC")
        )
    except pa.ArrowInvalid as error:
        raise ContractError(f"a record's date cannot be read: {error}") from None
    others = pc.filter(dates, pc.not_equal(moments.cast(pa.date32()), day))
    if len(others):
        raise ContractError(f"the reply for {day} holds a record of {others[0]}")


def _actor_type(usage: pa.Table) -> pa.ChunkedArray:
    """What the API says, or else what follows from the name it gives the actor."""
    is_user = pc.is_valid(usage["actor__email_address"])
    is_key = pc.is_valid(usage["actor__api_key_name"])
    nobody = pa.scalar(None, pa.string())
    implied = pc.if_else(is_user, "user_actor", pc.if_else(is_key, "api_actor", nobody))
    return pc.coalesce(usage["actor__type"], implied)


def _child(rows: pa.Table, label: str, usage: pa.Table) -> dict[str, pa.ChunkedArray]:
    """Child rows with what their record gives them; ids end with the label."""
    parents = usage["_dlt_id"].take(rows["parent"])
    own = pc.cast(rows[label], pa.string())
    return {
        **columns(rows),
        "organization_id": usage["organization_id"].take(rows["parent"]),
        "_dlt_parent_id": parents,
        "_dlt_id": pc.binary_join_element_wise(parents, own, "/"),
    }


def _as_cents(amounts: pa.Array) -> pa.Array:
    try:
        return amounts.cast(CENTS)
    except pa.ArrowInvalid as error:
        raise ContractError(f"a cost is out of all bounds: {error}") from None


def _sum_of_sessions(usage: pa.Table) -> int:
    sessions = usage["core_metrics__num_sessions"]
    # Arrow's sum of integers wraps around, its sum of wide decimals has room
    total = int(pc.sum(sessions.cast(pa.decimal128(38))).as_py() or 0)
    if abs(total) >= 2**63:
        raise ContractError(f"the sessions of the day add up to {total}")
    return total


def _usd_cents(models: pa.Table) -> Decimal:
    in_usd = pc.equal(models["estimated_cost__currency"], "USD")
    cents = models["estimated_cost__amount"].filter(in_usd)
    return _as_cents(pc.sum(cents.cast(CENTS_READ))).as_py() or Decimal(0)


def _counted(names: pa.ChunkedArray) -> dict[str, int]:
    """How often each name occurs; null does not count."""
    counts = pc.value_counts(names.drop_null())
    return dict(zip(*(part.to_pylist() for part in counts.flatten()), strict=True))


def _actor_types(usage: pa.Table) -> Iterator[Sighting]:
    """The kinds of actors beyond the known ones."""
    for name, records in _counted(usage["actor__type"]).items():
        if name not in KNOWN_ACTOR_TYPES:
            yield Sighting("actor_type", name, records, as_example(name))


def _twins(usage: pa.Table) -> int:
    grains = texts(usage[name] for name in GRAIN)
    return len(usage) - int(pc.count_distinct(grains).as_py())
