"""Reply bytes become one Arrow array of records: no Python object per record."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.json as pj
import simplejson

from .contract import KNOWN_TOOLS, reply_schema
from .drift import is_json, scan
from .errors import ContractError, TransientError


@dataclass(frozen=True)
class Page:
    """One reply: its records (a struct array) and where the next ones are.

    `unknown` holds a JSON text per record, or null, with what the contract does not
    know; `drift` counts the records in which each such name was seen.
    """

    records: pa.StructArray
    next_page: str | None
    has_more: bool
    unknown: pa.StringArray
    drift: Counter[str] = field(default_factory=Counter)


class PageReader:
    """Reads replies, and remembers the tools it has met beyond the known ones."""

    def __init__(self) -> None:
        self._tools = frozenset(KNOWN_TOOLS)

    def read(self, body: bytes) -> Page:
        """One page from the bytes of a reply.

        Raises `TransientError` for what is no JSON (a cut reply, a proxy's HTML) and
        `ContractError` for JSON that cannot be loaded exactly.
        """
        try:
            return _page(_parse(body, self._tools, "error"))
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            if not is_json(body):
                message = "the reply is cut short or is no JSON"
                raise TransientError(message) from None
            if "unexpected field" not in str(error):
                raise _refused(error) from None
        return self._read_beyond_contract(body)

    def _read_beyond_contract(self, body: bytes) -> Page:
        """The known part still comes from the bytes; only the rest is met in Python."""
        found = scan(body, set(KNOWN_TOOLS))
        self._tools |= found.tools
        try:
            page = _page(_parse(body, self._tools, "ignore"))
        except (pa.ArrowInvalid, UnicodeDecodeError) as error:
            raise _refused(error) from None
        texts = [_dumps(extra) if extra else None for extra in found.extras]
        unknown = pa.array(texts, pa.string())
        return Page(page.records, page.next_page, page.has_more, unknown, found.counts)


def _parse(body: bytes, tools: Iterable[str], unexpected: str) -> pa.Table:
    return pj.read_json(
        pa.BufferReader(body),
        # one block as large as the reply: Arrow cuts no value in two
        read_options=pj.ReadOptions(use_threads=False, block_size=len(body) + 1),
        parse_options=pj.ParseOptions(
            explicit_schema=reply_schema(tools),
            newlines_in_values=True,
            unexpected_field_behavior=unexpected,
        ),
    )


def _page(replies: pa.Table) -> Page:
    if len(replies) != 1 or replies["data"].null_count:
        raise ContractError("the reply holds no `data`")
    records = replies["data"].combine_chunks().flatten()
    if records.null_count:
        raise ContractError("a record of the reply is null")
    return Page(
        records=records,
        next_page=replies["next_page"][0].as_py(),
        has_more=bool(replies["has_more"][0].as_py()),
        unknown=pa.nulls(len(records), pa.string()),
    )


def _dumps(extra: dict[str, object]) -> str:
    return simplejson.dumps(extra, use_decimal=True, sort_keys=True, ensure_ascii=False)


def _refused(error: Exception) -> ContractError:
    return ContractError(f"the reply does not fit the API's contract: {error}")
