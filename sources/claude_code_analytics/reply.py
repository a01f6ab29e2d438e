"""Turn the bytes of a reply into an Arrow array, without a Python object per record."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.json as pj

from anthropic_admin_api.errors import ContractError
from anthropic_admin_api.sightings import Sighting, as_example
from anthropic_admin_api.strict_json import dumps, is_json, require_no_nul
from whole_days.errors import TransientError

from .contract import KNOWN_TOOLS, reply_schema
from .drift import scan


@dataclass(frozen=True)
class Page:
    """One reply: its records (a struct array) and the cursor of the next page.

    `unknown` holds a JSON text per record, or null, with the fields that the contract
    does not know. `drift` names each unknown field and tool once.
    """

    records: pa.StructArray
    next_page: str | None
    has_more: bool
    unknown: pa.StringArray
    drift: list[Sighting]


class PageReader:
    """Reads replies, and remembers the unknown tools of earlier replies.

    Remembering only saves time: earlier replies never change how a page is read.
    """

    def __init__(self) -> None:
        self._tools = frozenset(KNOWN_TOOLS)

    def read(self, body: bytes) -> Page:
        """One page from the bytes of a reply.

        Raises `TransientError` for bytes that are not JSON (a cut reply, a proxy's
        HTML) and `ContractError` for JSON that cannot be loaded exactly.
        """
        body = body.removeprefix(codecs.BOM_UTF8)
        try:
            body.decode()  # Arrow does not check that text is UTF-8
            return _page(_parse(body, self._tools, "error"))
        except (pa.ArrowInvalid, UnicodeDecodeError):
            if not is_json(body):
                message = "the reply is cut short or is not JSON"
                raise TransientError(message) from None
        return self._read_beyond_contract(body)

    def _read_beyond_contract(self, body: bytes) -> Page:
        """Arrow still reads the known part; Python reads only what is unknown."""
        try:
            found = scan(body, set(KNOWN_TOOLS))
            tools = found.tools.union(KNOWN_TOOLS)
            page = _page(_parse(body, tools, "ignore"), found.extras)
        except (pa.ArrowInvalid, UnicodeEncodeError) as error:  # a lone surrogate
            message = f"the reply does not fit the API's contract: {error}"
            raise ContractError(message) from None
        self._tools |= tools
        return replace(page, drift=[*found.fields, *page.drift])


def _parse(body: bytes, tools: Iterable[str], unexpected: str) -> pa.Table:
    # wrapped in an object, because Arrow crashes on a bare null and accepts a second
    # document after the first
    whole = b'{"reply":' + body + b"}"
    replies = pj.read_json(
        pa.BufferReader(whole),
        # one block as large as the reply: Arrow cannot read a value across blocks
        read_options=pj.ReadOptions(use_threads=False, block_size=len(whole) + 1),
        parse_options=pj.ParseOptions(
            explicit_schema=reply_schema(tools),
            newlines_in_values=True,
            unexpected_field_behavior=unexpected,
        ),
    )
    require_no_nul(body)
    return replies


def _page(replies: pa.Table, extras: Iterable[dict[str, object]] = ()) -> Page:
    reply = replies["reply"][0]
    if not (reply.is_valid and reply["data"].is_valid):
        raise ContractError("the reply holds no `data`")
    records = reply["data"].values
    if records.null_count:
        raise ContractError("a record of the reply is null")
    next_page, has_more = reply["next_page"].as_py(), reply["has_more"].as_py()
    texts = [dumps(extra) if extra else None for extra in extras]
    nothing = pa.nulls(len(records), pa.string())
    return Page(
        records=records,
        next_page=next_page,
        has_more=bool(next_page) if has_more is None else has_more,
        unknown=pa.array(texts, pa.string()) if texts else nothing,
        drift=list(_unknown_tools(records)),
    )


def _unknown_tools(records: pa.StructArray) -> Iterator[Sighting]:
    """The unknown tools, with the number of records that have them."""
    actions = records.flatten()[records.type.get_field_index("tool_actions")]
    for tool, cells in zip(actions.type.names, actions.flatten(), strict=True):
        answered = cells.drop_null()
        if tool not in KNOWN_TOOLS and len(answered):
            example = as_example(answered[0].as_py())
            yield Sighting("tool", tool, len(answered), example)
