"""Values as text: exact, and the same from every warehouse."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa


def exact(amount: Decimal) -> str:
    """All digits, without trailing zeros: Decimal("1500.000") is "1500"."""
    text = f"{amount:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def iso(moment: date) -> str:
    """A day as YYYY-MM-DD; a time in UTC with its offset, as +00:00."""
    return moment.isoformat()


def as_text(kind: pa.DataType) -> Callable[[Any], str] | None:
    """The function from a column's values to text; None if JSON needs no text."""
    if pa.types.is_decimal(kind):
        return exact
    if pa.types.is_temporal(kind):
        return iso
    return None


BOOLEANS: Final = {True: "true", False: "false"}


def plain(kind: pa.DataType) -> Callable[[Any], str]:
    """The function from a column's values to text, for columns that are not text.

    A float has the fewest digits that give the same float again.
    """
    if pa.types.is_boolean(kind):
        return BOOLEANS.__getitem__
    return as_text(kind) or repr
