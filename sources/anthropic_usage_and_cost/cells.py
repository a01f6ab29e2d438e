"""JSON values as values of a column, with every digit or not at all."""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import pyarrow as pa

from anthropic_admin_api.errors import ContractError

from .contract import ALWAYS_TOLD, CENTS

LARGEST: Final = 2**63 - 1
NUMBER: Final = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def text(value: object) -> str:
    """A text."""
    if isinstance(value, str):
        return value
    raise ValueError


def count(value: object) -> int:
    """A whole number that 64 bits hold."""
    if isinstance(value, Decimal) and abs(value) <= LARGEST and value == int(value):
        return int(value)
    raise ValueError


def cents(value: object) -> Decimal:
    """An amount that the column holds with all its digits; the API writes a text."""
    if not (isinstance(value, str) and NUMBER.fullmatch(value)):
        raise ValueError
    amount = Decimal(value)
    pa.scalar(amount, CENTS)  # raises for more digits than it holds
    return amount


CELLS: Final[Mapping[pa.DataType, Callable[[object], Any]]] = {
    pa.string(): text,
    pa.int64(): count,
    CENTS: cents,
}


def cell(name: str, kind: pa.DataType, value: object) -> Any:  # noqa: ANN401
    """The value of a column; null stays null where the contract has nulls.

    Raises `ContractError`.
    """
    if value is None and name not in ALWAYS_TOLD:
        return None
    try:
        return CELLS[kind](value)
    except (ValueError, ArithmeticError, pa.ArrowInvalid):
        raise ContractError(f"{name} of a result is not {_NAMES[kind]}") from None


_NAMES: Final = {
    pa.string(): "a text",
    pa.int64(): "a whole number of 64 bits",
    CENTS: "an amount: a text of at most 14 digits and 24 places",
}
