"""What a reply holds beyond the contract: found, kept and counted, never dropped."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.sightings import Sighting, as_example, merged
from anthropic_admin_api.strict_json import loads, named_once

from .contract import record_type


@dataclass(frozen=True)
class Drift:
    """The unknown parts of a reply.

    `extras` has a dict per record, path -> JSON value. `tools` are the names of all
    tools in the reply. `fields` are the paths, without positions in lists.
    """

    extras: list[dict[str, object]]
    tools: set[str]
    fields: list[Sighting]


def scan(body: bytes, known_tools: set[str]) -> Drift:
    """Find what `record_type(known_tools)` does not name in a reply.

    Raises `ContractError` for ambiguous JSON (a repeated name, NaN) and for JSON that
    is nested too deeply.
    """
    reply = _loads(body)
    records = reply.get("data") or []
    tools = {tool for record in records for tool in _tools(record)}
    known = record_type(known_tools | tools)
    extras = [named_once(list(_unknown(record, known))) for record in records]
    beside = [(f"reply.{name}", reply[name]) for name in sorted(reply.keys() - _REPLY)]
    named = [{_general(path): extra[path] for path in extra} for extra in extras]
    seen = [*beside, *(item for extra in named for item in extra.items())]
    fields = merged(Sighting("field", name, 1, as_example(item)) for name, item in seen)
    return Drift(extras, tools, fields)


_REPLY = {"data", "has_more", "next_page"}


def _loads(body: bytes) -> dict[str, Any]:
    reply = loads(body)
    if not isinstance(reply, dict) or not isinstance(reply.get("data"), list):
        raise ContractError("the reply holds no list `data`")
    if not all(isinstance(record, dict) for record in reply["data"]):
        raise ContractError("a record of the reply is not a JSON object")
    return reply


def _tools(record: dict[str, Any]) -> set[str]:
    """The names under `tool_actions` whose value is an object or null."""
    actions = record.get("tool_actions")
    if not isinstance(actions, dict):
        return set()
    return {name for name, counts in actions.items() if isinstance(counts, dict | None)}


def _unknown(
    value: object, known: pa.DataType, path: str = ""
) -> Iterator[tuple[str, object]]:
    if pa.types.is_list(known) and isinstance(value, list):
        for position, item in enumerate(value):
            yield from _unknown(item, known.value_type, f"{path}[{position}]")
    elif pa.types.is_struct(known) and isinstance(value, dict):
        for name, item in value.items():
            inner = f"{path}.{name}" if path else name
            index = known.get_field_index(name)
            if index < 0:
                yield inner, item
            else:
                yield from _unknown(item, known.field(index).type, inner)


def _general(path: str) -> str:
    """A path without list positions: the same name for all entries of a list."""
    return "".join(part.rpartition("]")[2] for part in path.split("["))
