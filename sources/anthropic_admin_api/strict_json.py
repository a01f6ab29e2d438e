"""JSON as the API must send it: whole, unambiguous, and with every digit of numbers."""

import codecs
import contextlib
import re
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import simplejson

from whole_days.errors import TransientError

from .errors import ContractError

# Few replies contain a backslash. In 1.8 MB the search for one byte takes 15 us, for
# `NUL` 700 us, and by `ESCAPED_NUL` 35 ms (`timeit`).
BACKSLASH = b"\\"
NUL = rb"\u0000"
# After an odd number of backslashes, NUL's own backslash is itself escaped.
ESCAPED_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")


def loads(body: bytes) -> Any:  # noqa: ANN401 - any JSON value
    """The value; all of its numbers are decimals.

    Raises `ValueError` for bytes that are not JSON, and `ContractError` for a repeated
    name, for NaN and for JSON that is nested too deeply.
    """
    try:
        return simplejson.loads(
            body.decode(),
            use_decimal=True,
            parse_int=Decimal,  # int() refuses thousands of digits
            object_pairs_hook=named_once,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise ContractError("the reply is nested too deeply") from None


def loads_whole(body: bytes) -> dict[str, Any]:
    """The object in a reply.

    Raises `TransientError` for bytes that are not JSON (a cut reply, a proxy's HTML)
    and `ContractError` for JSON that could not be stored exactly.
    """
    body = body.removeprefix(codecs.BOM_UTF8)
    try:
        value = loads(body)
    except ValueError:  # also that of bytes that are no UTF-8
        raise TransientError("the reply is cut short or is not JSON") from None
    require_no_nul(body)
    _require_whole_characters(body, value)
    if not isinstance(value, dict):
        raise ContractError("the reply is no JSON object")
    return value


def objects(value: object, name: str) -> list[dict[str, Any]]:
    """A list of the reply. Raises `ContractError`."""
    if isinstance(value, list) and all(isinstance(item, dict) for item in value):
        return value
    raise ContractError(f"the reply holds no list `{name}` of objects")


def utc_moment(value: object) -> datetime:
    """A time that the API wrote, in UTC. Raises `ValueError`."""
    moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def require_no_nul(body: bytes) -> None:
    """Raise `ContractError` for a text with a NUL character."""
    if BACKSLASH in body and NUL in body and re.search(ESCAPED_NUL, body):
        raise ContractError("the reply holds a NUL character: Postgres stores none")


def _require_whole_characters(body: bytes, value: object) -> None:
    """Raise `ContractError` for half a character, which only an escape can write."""
    try:
        _ = BACKSLASH in body and dumps(value).encode()
    except UnicodeEncodeError:
        raise ContractError("the reply holds half of a surrogate pair") from None


def dumps(value: object) -> str:
    """A JSON value as text; decimals keep their digits."""
    return simplejson.dumps(value, use_decimal=True, sort_keys=True, ensure_ascii=False)


def is_json(body: bytes) -> bool:
    """Whether the bytes are one JSON document."""
    with contextlib.suppress(RecursionError):  # too deep for Python, but JSON so far
        try:
            simplejson.loads(body.decode(), parse_int=Decimal)
        except ValueError:
            return False
    return True


def named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The object. Raises `ContractError` if a name repeats."""
    values = dict(pairs)
    if len(values) < len(pairs):
        raise ContractError("a name occurs twice in one object of the reply")
    return values


def _no_number(text: str) -> None:
    raise ContractError(f"the reply holds {text}, which is not a JSON number")
