"""Input files without the names that are not to be stored."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from whole_days.privacy import Privacy

from .budgets import Budget
from .faults import Fault, InputFileError
from .input_file import InputFile, InputRow, hash_of_rows
from .tables import BUDGETS, TEAM_MEMBERS
from .teams import Member

WITHHELD: Final = "(withheld)"
COLUMNS: Final = {*TEAM_MEMBERS.schema.names, *BUDGETS.schema.names, None}


def private_file(file: InputFile, privacy: Privacy) -> InputFile:
    """The file with pseudonyms, and without the lines of forgotten people.

    The hash is then made of these rows: against a hash of the bytes, whoever guesses
    the names could test the guess.
    """
    rows = [row for each in file.rows for row in _private(each, privacy)]
    if rows == list(file.rows):
        return file
    return replace(file, rows=rows, content_hash=hash_of_rows(rows))


def without_names(error: InputFileError) -> InputFileError:
    """The same faults without the values that they quote.

    In a file without a header, the columns seem to be named like people.
    """
    faults = [
        Fault(
            fault.line,
            fault.column if fault.column in COLUMNS else WITHHELD,
            re.sub('"[^"]*"', f'"{WITHHELD}"', fault.text),
        )
        for fault in error.faults
    ]
    return InputFileError(error.file, faults)


def _private(row: InputRow, privacy: Privacy) -> Iterator[InputRow]:
    """The row as it is stored; nothing for a forgotten person's."""
    match row:
        case Member(actor=name):
            if privacy.fate(name) is None:
                yield replace(row, actor=privacy.stored_name(name))
        case Budget(scope="user", name=name):
            if privacy.fate(name) is None:
                yield replace(row, name=privacy.stored_name(name))
        case _:
            yield row
