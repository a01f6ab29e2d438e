"""What a reply holds beyond the contract: found, kept and counted, never dropped."""

import contextlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa
import simplejson

from anthropic_admin_api.errors import ContractError
from whole_days.emails import without_emails

from .contract import record_type


class Sighting(NamedTuple):
    """Something the contract does not know.

    `kind` is field, tool or actor_type, `records` the number of records that had it,
    `example` one value as JSON text, without emails and cut to a readable length.
    """

    kind: str
    name: str
    records: int
    example: str


@dataclass(frozen=True)
class Drift:
    """The unknown parts of a reply.

    `extras` has a dict per record, path -> JSON value. `tools` are the names of all
    tools in the reply. `fields` are the paths, without positions in lists.
    """

    extras: list[dict[str, object]]
    tools: set[str]
    fields: list[Sighting]


def merged(sightings: Iterable[Sighting]) -> list[Sighting]:
    """One sighting per kind and name: records summed, the first example kept."""
    firsts: dict[tuple[str, str], Sighting] = {}
    records: Counter[tuple[str, str]] = Counter()
    for sighting in sightings:
        firsts.setdefault(sighting[:2], sighting)
        records[sighting[:2]] += sighting.records
    return [firsts[key]._replace(records=count) for key, count in records.items()]


def as_json(value: object) -> str:
    """A JSON value as text; decimals keep their digits."""
    return simplejson.dumps(value, use_decimal=True, sort_keys=True, ensure_ascii=False)


def as_example(value: object) -> str:
    """A JSON value as a short text without emails."""
    return without_emails(as_json(value))[:LONGEST_EXAMPLE]


def is_json(body: bytes) -> bool:
    """Whether the bytes are one JSON document."""
    with contextlib.suppress(RecursionError):  # too deep for Python, but JSON so far
        try:
            simplejson.loads(body.decode(), parse_int=Decimal)
        except ValueError:
            return False
    return True


def scan(body: bytes, known_tools: set[str]) -> Drift:
    """Find what `record_type(known_tools)` does not name in a reply.

    Raises `ContractError` for ambiguous JSON (a repeated name, NaN) and for JSON that
    is nested too deeply.
    """
    reply = _loads(body)
    records = reply.get("data") or []
    tools = {tool for record in records for tool in _tools(record)}
    known = record_type(known_tools | tools)
    extras = [_named_once(list(_unknown(record, known))) for record in records]
    beside = [(f"reply.{name}", reply[name]) for name in sorted(reply.keys() - _REPLY)]
    named = [{_general(path): extra[path] for path in extra} for extra in extras]
    seen = [*beside, *(item for extra in named for item in extra.items())]
    fields = merged(Sighting("field", name, 1, as_example(item)) for name, item in seen)
    return Drift(extras, tools, fields)


LONGEST_EXAMPLE = 200
_REPLY = {"data", "has_more", "next_page"}


def _loads(body: bytes) -> dict[str, Any]:
    try:
        reply = simplejson.loads(
            body.decode(),
            use_decimal=True,
            parse_int=Decimal,  # int() refuses thousands of digits
            object_pairs_hook=_named_once,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ContractError("the reply is nested too deeply") from None
    if not isinstance(reply, dict) or not isinstance(reply.get("data"), list):
        raise ContractError("the reply holds no list `data`")
    if not all(isinstance(record, dict) for record in reply["data"]):
        raise ContractError("a record of the reply is not a JSON object")
    return reply


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ContractError("a name occurs twice in one object of the reply")
    return values


def _no_number(text: str) -> None:
    raise ContractError(f"the reply holds {text}, which is not a JSON number")


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
