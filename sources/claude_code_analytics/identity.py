"""Stable ids and hashes: equal content has an equal id, in any order, in any fetch."""

import hashlib
from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc


def texts(columns: Iterable[pa.Array]) -> pa.Array:
    """One text per row from which the row's values can be told apart again.

    Each text is written after its length, so none can pass for two values, and null is
    unlike any text or number. A colon ends the last value, so that rows can be told
    apart when one follows on another.
    """
    parts = []
    for column in columns:
        if pa.types.is_string(column.type):
            parts.append(_digits(pc.binary_length(column)))
        parts.append(_digits(column))
    return pc.binary_join_element_wise(
        *parts, "", ":", null_handling="replace", null_replacement="~"
    )


def _digits(column: pa.Array) -> pa.Array:
    """A column as text. Small numbers are looked up, which costs a third."""
    if pa.types.is_integer(column.type):
        least, greatest = pc.min_max(column).as_py().values()
        if least is not None and least >= 0 and greatest < len(_SMALL_NUMBERS):
            return _SMALL_NUMBERS.take(column)
    return pc.cast(column, pa.string())


_SMALL_NUMBERS = pa.arange(0, 10_000).cast(pa.string())


def row_ids(contents: pa.ChunkedArray, salt: str) -> pa.Array:
    """An id of 24 hexadecimal digits per content text, unlike in unlike salts.

    Equal contents under one salt are numbered (`...-1`, `...-2`): which of them bears
    which number makes no difference.
    """
    salted = hashlib.blake2b(salt.encode(), digest_size=12)
    digests = [_digest(salted, text) for text in contents.cast(pa.binary()).to_pylist()]
    seen: Counter[str] = Counter(digests)
    if len(seen) < len(digests):
        digests = list(_numbered(digests))
    return pa.array(digests, pa.string())


def content_hash(ids: pa.Array) -> str:
    """A hash over rows in any order, given their ids."""
    return hashlib.sha256("\n".join(sorted(ids.to_pylist())).encode()).hexdigest()


def _digest(salted: hashlib.blake2b, text: bytes) -> str:
    digest = salted.copy()
    digest.update(text)
    return digest.hexdigest()


def _numbered(digests: Iterable[str]) -> Iterable[str]:
    seen: Counter[str] = Counter()
    for digest in digests:
        yield f"{digest}-{seen[digest]}" if seen[digest] else digest
        seen[digest] += 1
