"""Who may spend how much in a month: `budgets.csv`."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from .cells import Cells
from .csv_file import CsvFile, Row, read_csv
from .faults import Fault, InputFileError, shown
from .input_file import InputFile
from .tables import BUDGETS
from .teams import NO_TEAM, is_reserved

SCOPES = ("organisation", "account", "team", "user")
BASES = ("all", "api", "subscription")
CURRENCY_LETTERS = 3


@dataclass(frozen=True)
class Budget:
    """An amount of a currency for a month. `name` is empty for the organisation."""

    scope: str
    name: str
    month: date
    amount: Decimal
    currency: str
    basis: str
    line: int

    def as_row(self) -> dict[str, Any]:
        """The columns of `budgets`."""
        return asdict(self)


def read_budgets(path: Path) -> InputFile:
    """All budgets. Raises `InputFileError` with all faults of the file."""
    required = ["scope", "month", "amount", "currency"]
    file = read_csv(path, required, ["name", "basis"])
    budgets = [budget for row in file.rows if (budget := _budget(file, row))]
    file.note(_duplicates(budgets))
    file.require_no_fault()
    return InputFile("budgets", file.name, BUDGETS, file.content_hash, budgets)


def teams_with_budgets(files: Iterable[InputFile]) -> list[str]:
    """The teams that have a budget of their own, each once."""
    rows = [row for file in files for row in file.rows if isinstance(row, Budget)]
    teams = [row.name for row in rows if row.scope == "team" and row.name != NO_TEAM]
    return list(dict.fromkeys(teams))


def require_known_currencies(file: InputFile, known: Collection[str]) -> None:
    """Raise `InputFileError` for a budget in a currency that nobody spends.

    Such a budget would never be used up. If nothing is spent yet, all are accepted.
    """
    if not known:
        return
    names = ", ".join(sorted(known))
    faults = [
        Fault(
            row.line,
            "currency",
            f"Nobody spends {shown(row.currency)}. Write {names}.",
        )
        for row in file.rows
        if isinstance(row, Budget) and row.currency not in known
    ]
    if faults:
        raise InputFileError(file.file, faults)


def _budget(file: CsvFile, row: Row) -> Budget | None:
    cells = Cells(file, row)
    scope, basis = cells.text("scope"), cells.text("basis") or "all"
    if scope not in SCOPES:
        cells.refuse("scope", f"is no scope. Write {_either(SCOPES)}.")
    if basis not in BASES:
        cells.refuse("basis", f"is no basis. Write {_either(BASES)}, or nothing: all.")
    name = cells.actor("name") if scope == "user" else cells.text("name")
    _check_name(cells, scope, name)
    currency = cells.text("currency")
    if not _is_currency(currency):
        cells.refuse("currency", "is no currency. Write its three letters, as in USD.")
    month, amount = cells.month("month"), cells.amount("amount")
    if not cells.are_right or month is None or amount is None:
        return None
    return Budget(scope, name, month, amount, currency, basis, row.line)


def _check_name(cells: Cells, scope: str, name: str) -> None:
    if scope == "organisation" and name:
        cells.refuse("name", "is too much: the organisation has no name. Leave it out.")
    if scope in ("account", "team", "user") and not name:
        cells.refuse("name", f"is no {scope}. Write whose budget it is.")
    if scope == "team" and is_reserved(name) and name != NO_TEAM:
        advice = f"is no team. Write one, or {NO_TEAM} for what is in none."
        cells.refuse("name", advice)


def _is_currency(text: str) -> bool:
    is_plain = text.isascii() and text.isalpha() and text.isupper()
    return is_plain and len(text) == CURRENCY_LETTERS


def _duplicates(budgets: Iterable[Budget]) -> Iterator[Fault]:
    first: dict[tuple[Any, ...], Budget] = {}
    for new in budgets:
        key = new.scope, new.name, new.month, new.currency, new.basis
        earlier = first.setdefault(key, new)
        if earlier is not new:
            text = (
                f"It is the budget of line {earlier.line} again, of the same month,"
                f" currency and basis: lines {earlier.line} and {new.line}. Remove one."
            )
            yield Fault(new.line, "scope", text)


def _either(words: tuple[str, ...]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
