"""Stable ids and hashes: equal content has an equal id, in any order, in any fetch."""

import base64
import hashlib
from collections import Counter
from collections.abc import Iterable

import pyarrow as pa
import pyarrow.compute as pc

ID_BYTES = 12
ID_LENGTH = 16  # characters of base64


def texts(columns: Iterable[pa.Array]) -> pa.Array:
    """One text per row, different for rows with different values.

    Each text value follows its length, so one value cannot look like two. Null differs
    from every text and number. A colon ends each row, so that the texts of several rows
    can be joined.
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
    """A column as text. Small numbers are looked up.

    A cast takes twice as long: 1.4 ms, not 0.7 ms, for 100,000 numbers (`timeit`).
    """
    if pa.types.is_integer(column.type):
        least, greatest = pc.min_max(column).as_py().values()
        if least is not None and least >= 0 and greatest < len(_SMALL_NUMBERS):
            return _SMALL_NUMBERS.take(column)
    return pc.cast(column, pa.string())


_SMALL_NUMBERS = pa.arange(0, 10_000).cast(pa.string())


def row_ids(contents: pa.ChunkedArray, salt: str) -> pa.Array:
    """An id of 96 bits, as 16 URL-safe characters, per content text and salt.

    Duplicates, equal contents under one salt, are numbered (`...-1`, `...-2`). They are
    interchangeable, so their order does not matter.
    """
    salted = hashlib.blake2b(salt.encode(), digest_size=ID_BYTES)
    digests = [_digest(salted, text) for text in contents.cast(pa.binary()).to_pylist()]
    ids = _as_texts(digests)
    if len(set(digests)) < len(digests):
        return pa.array(_numbered(ids.to_pylist()), pa.string())
    return ids


def content_hash(ids: pa.Array) -> str:
    """A hash of rows, given their ids; their order does not matter."""
    return hashlib.sha256("\n".join(sorted(ids.to_pylist())).encode()).hexdigest()


def _digest(salted: hashlib.blake2b, text: bytes) -> bytes:
    digest = salted.copy()
    digest.update(text)
    return digest.digest()


def _as_texts(digests: list[bytes]) -> pa.StringArray:
    """Encode all digests at once: 12 bytes are 16 characters without padding."""
    encoded = base64.urlsafe_b64encode(b"".join(digests))
    ends = pa.arange(0, len(encoded) + 1, ID_LENGTH).cast(pa.int32())
    return pa.StringArray.from_buffers(
        len(digests), ends.buffers()[1], pa.py_buffer(encoded)
    )


def _numbered(digests: Iterable[str]) -> Iterable[str]:
    seen: Counter[str] = Counter()
    for digest in digests:
        yield f"{digest}-{seen[digest]}" if seen[digest] else digest
        seen[digest] += 1
