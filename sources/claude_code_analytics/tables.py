"""Turn the pages of one day into rows of three tables."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.sightings import UNKNOWNS, Sighting, as_example, merged
from whole_days.ids import content_hash, row_ids, texts
from whole_days.privacy import NAMED, Privacy
from whole_days.report import Day

from .contract import (
    CENTS,
    CENTS_READ,
    FETCH_SUMS,
    GRAIN,
    KNOWN_ACTOR_TYPES,
    MODEL,
    MODEL_BREAKDOWN,
    RECORD,
    TOOL,
    TOOL_ACTIONS,
    USAGE_REPORT,
)
from .folding import MODELS_TEXT, POSITION, TOOLS_TEXT, Parts, with_texts
from .private import private, private_drift
from .reply import Page

USAGE, MODELS, TOOLS = USAGE_REPORT.name, MODEL_BREAKDOWN.name, TOOL_ACTIONS.name


@dataclass(frozen=True)
class UsageSummary:
    """What a load reports about a day beside its records.

    `duplicates` counts the records whose keys an earlier record of the day has. `drift`
    is what the API sent beyond the contract.
    """

    estimated_cost_cents: Decimal
    duplicates: int
    drift: list[Sighting]


@dataclass(frozen=True)
class UsageRows:
    """The rows of one day.

    `parts` holds them by table, without the columns that a child copies from its
    record. Those would take most of the memory while the day waits to be written.
    """

    account: str
    day: date
    parts: Mapping[str, pa.Table]

    def __call__(self, table: str) -> pa.Table:
        """The rows of a table, with all columns that the contract declares."""
        part = self.parts[table]
        by_name = columns(part)
        if table in LABELS:
            by_name |= _from_record(part, LABELS[table], self.parts[USAGE])
        by_name["account"] = pa.repeat(pa.scalar(self.account), len(part))
        by_name["date"] = pa.repeat(pa.scalar(self.day, pa.date32()), len(part))
        schema = TABLES[table].schema
        return pa.table({name: by_name[name] for name in schema.names}, schema)


TABLES = {table.name: table for table in (USAGE_REPORT, MODEL_BREAKDOWN, TOOL_ACTIONS)}

# The columns of a stored record of which its id is made, in this order.
STORED = USAGE_REPORT.schema.names[2:-1]

# The column that distinguishes the children of a record.
LABELS = {MODELS: "_dlt_list_idx", TOOLS: "tool"}


def usage_day(
    pages: Sequence[Page], account: str, day: date, privacy: Privacy = NAMED
) -> Day[UsageSummary]:
    """A day from all its pages. Raises `ContractError` for another day's record."""
    records, models, tools = _joined(pages)
    _require_day(records["date"], day)
    found = Parts(records.drop_columns(["date"]), models, tools)
    seen = (seen for page in pages for seen in page.drift)
    drift = merged(private_drift(each, privacy) for each in seen)
    return _day(private(found, privacy, day), account, day, len(pages), drift)


def remade_day(
    rows: Mapping[str, pa.Table], account: str, day: date, privacy: Privacy
) -> Day[UsageSummary]:
    """A day from its stored rows, as `usage_day` would make it under this privacy.

    Rows of entries and tools whose record is missing are left out. What the API sent
    beyond the contract is not counted again.
    """
    ids = rows[USAGE]["_dlt_id"].combine_chunks()
    usage = rows[USAGE].select(STORED)
    models, tools = (_of_records(rows[name], ids) for name in (MODELS, TOOLS))
    found = with_texts(usage, models, tools)
    made = private(found, privacy.of_stored(), day)
    remade = _day(made, account, day, 0, [])
    return replace(remade, notes={FETCH_SUMS.name: remade.notes[FETCH_SUMS.name]})


def _of_records(children: pa.Table, ids: pa.Array) -> pa.Table:
    """The rows with the number of their record, in its order, in place of ids."""
    parents = pc.index_in(children["_dlt_parent_id"], ids).cast(pa.int64())
    names = [
        name
        for name in children.column_names
        if name not in ("account", "date", "organization_id")
        and (name == POSITION or not name.startswith("_dlt"))
    ]
    numbered = children.select(names).append_column("parent", parents)
    return numbered.filter(pc.is_valid(parents))


def _day(
    parts: Parts, account: str, day: date, pages: int, drift: list[Sighting]
) -> Day[UsageSummary]:
    """The day from its rows: all that is stored follows from them."""
    told = texts(parts.usage.columns)
    ids = row_ids(told, f"{account}\x1f{day}")
    usage = parts.usage.drop_columns([MODELS_TEXT, TOOLS_TEXT])
    usage = usage.append_column("_dlt_id", ids)
    models = parts.models
    summary = UsageSummary(
        estimated_cost_cents=_usd_cents(models),
        duplicates=_duplicates(usage),
        drift=[*drift, *_actor_types(usage)],
    )
    rows = {USAGE: usage, MODELS: models, TOOLS: parts.tools}
    return Day(
        pages=pages,
        records=len(usage),
        counts={name: len(table) for name, table in rows.items()},
        content_hash=content_hash(ids),
        rows=UsageRows(account, day, rows),
        summary=summary,
        organizations=frozenset(_counted(usage["organization_id"])) - {""},
        names=frozenset(_counted(models["model"])),
        notes=_notes(usage, models, summary),
    )


def _notes(
    usage: pa.Table, models: pa.Table, summary: UsageSummary
) -> dict[str, list[dict[str, Any]]]:
    """The rows of the report's notes on the fetch."""
    sums = {
        "num_sessions": _sum_of_sessions(usage),
        "estimated_cost_cents": summary.estimated_cost_cents,
        "duplicates": summary.duplicates,
        "records_with_cost": _records_with_cost(models),
    }
    unknown = [sighting._asdict() for sighting in summary.drift]
    return {FETCH_SUMS.name: [sums], UNKNOWNS.name: unknown}


def columns(table: pa.Table) -> dict[str, pa.ChunkedArray]:
    """The columns of a table by name."""
    return dict(zip(table.column_names, table.columns, strict=True))


def _joined(pages: Sequence[Page]) -> Iterator[pa.Table]:
    """Records, model entries and tools of all pages; `parent` numbers the records."""
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
    usage["actor__type"] = _actor_type(usage)
    usage["unknown_fields"] = page.unknown
    usage |= {MODELS_TEXT: model_texts, TOOLS_TEXT: tool_texts}
    return pa.table(usage), models, tools


def _leaves(
    fields: dict[str, pa.Array], prefix: str = ""
) -> Iterator[tuple[str, pa.Array]]:
    """Nested columns made flat, with dlt's names: `actor__type`."""
    for name, column in fields.items():
        if pa.types.is_struct(column.type):
            inner = dict(zip(column.type.names, column.flatten(), strict=True))
            yield from _leaves(inner, f"{prefix}{name}__")
        else:
            yield prefix + name, column


def _model_rows(breakdown: pa.ListArray, first: int) -> tuple[pa.Table, pa.Array]:
    """One row per entry, and one text per record with its entries in order."""
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
    """One row per record and tool, and one text per record with its tools."""
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


def _actor_type(usage: Mapping[str, pa.Array]) -> pa.Array:
    """The API's actor type; if null, the type that the actor's email or key implies."""
    is_user = pc.is_valid(usage["actor__email_address"])
    is_key = pc.is_valid(usage["actor__api_key_name"])
    nobody = pa.scalar(None, pa.string())
    implied = pc.if_else(is_user, "user_actor", pc.if_else(is_key, "api_actor", nobody))
    return pc.coalesce(usage["actor__type"], implied)


def _from_record(
    rows: pa.Table, label: str, usage: pa.Table
) -> dict[str, pa.ChunkedArray]:
    """The columns that child rows take from their records; ids end with the label."""
    parents = usage["_dlt_id"].take(rows["parent"])
    own = pc.cast(rows[label], pa.string())
    return {
        "organization_id": usage["organization_id"].take(rows["parent"]),
        "_dlt_parent_id": parents,
        "_dlt_id": pc.binary_join_element_wise(parents, own, "/"),
    }


def _as_cents(amounts: pa.Array) -> pa.Array:
    try:
        return amounts.cast(CENTS)
    except pa.ArrowInvalid as error:
        raise ContractError(f"a cost is out of range: {error}") from None


def _sum_of_sessions(usage: pa.Table) -> int:
    sessions = usage["core_metrics__num_sessions"]
    # Arrow's sum of integers overflows silently; its sum of wide decimals does not
    total = int(pc.sum(sessions.cast(pa.decimal128(38))).as_py() or 0)
    if abs(total) >= 2**63:
        raise ContractError(f"the sessions of the day add up to {total}")
    return total


def _usd_cents(models: pa.Table) -> Decimal:
    in_usd = pc.equal(models["estimated_cost__currency"], "USD")
    cents = models["estimated_cost__amount"].filter(in_usd)
    return _as_cents(pc.sum(cents.cast(CENTS_READ))).as_py() or Decimal(0)


def _counted(names: pa.ChunkedArray) -> dict[str, int]:
    """How often each name occurs, without null."""
    counts = pc.value_counts(names.drop_null())
    return dict(zip(*(part.to_pylist() for part in counts.flatten()), strict=True))


def _actor_types(usage: pa.Table) -> Iterator[Sighting]:
    """The unknown actor types."""
    for name, records in _counted(usage["actor__type"]).items():
        if name not in KNOWN_ACTOR_TYPES:
            yield Sighting("actor_type", name, records, as_example(name))


def _records_with_cost(models: pa.Table) -> int:
    has_cost = models["estimated_cost__amount"].is_valid()
    return int(pc.count_distinct(models["parent"].filter(has_cost)).as_py())


def _duplicates(usage: pa.Table) -> int:
    grains = texts(usage[name] for name in GRAIN)
    return len(usage) - int(pc.count_distinct(grains).as_py())
