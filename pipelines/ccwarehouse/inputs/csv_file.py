"""A CSV file as people save it, with the line of each row and fault.

UTF-8, with or without a byte order mark, separated by commas. Spaces around a value,
blank lines, and the empty columns that Excel adds at the right are ignored.
"""

import csv
import hashlib
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path
from typing import NoReturn

from .faults import MAX_FAULTS, Fault, InputFileError, shown
from .letters import SPACE, hidden

MAX_BYTES = 64 * 2**20

AS_CSV = 'In Excel: Save As, "CSV UTF-8 (comma delimited)".'
SEPARATORS = {";": "semicolons", "\t": "tabs", "|": "bars"}
HEADER_AGAIN = "It is a header again, as when two files are joined. Remove this line."
UNPACK = "Unpack it first."
UTF_16_TEXT = ("UTF-16 text", AS_CSV)
NO_TEXT = {
    b"PK\x03\x04": ("a workbook of Excel or a zip file", AS_CSV),
    b"\xd0\xcf\x11\xe0": ("an old workbook of Excel", AS_CSV),
    b"\x1f\x8b": ("packed by gzip", UNPACK),
    b"\xff\xfe": UTF_16_TEXT,
    b"\xfe\xff": UTF_16_TEXT,
}
# Without a byte order mark: each letter of ASCII beside a zero.
UTF_16_UNMARKED = re.compile(rb"([^\0]\0){2}|(\0[^\0]){2}")
MARK = "\ufeff"  # some programs write a byte order mark before the one of the file


@dataclass(frozen=True)
class Row:
    """A row: the number of its first line, and the text of each column.

    `refused` are the columns whose fault is noted already. The others are still read,
    so that all faults of a file are told at once.
    """

    line: int
    cells: Mapping[str, str]
    refused: Collection[str] = ()


@dataclass
class CsvFile:
    """The rows of a file, and the faults found so far."""

    name: str
    content_hash: str
    rows: list[Row] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def note(self, faults: Iterable[Fault]) -> None:
        """Add faults. Raises `InputFileError` once there are too many to read on."""
        for fault in faults:
            self.faults.append(fault)
            if len(self.faults) == MAX_FAULTS:
                raise InputFileError(self.name, self.faults)

    def require_no_fault(self) -> None:
        """Raise `InputFileError` if there is any fault."""
        if self.faults:
            raise InputFileError(self.name, self.faults)


def read_csv(path: Path, required: Sequence[str], optional: Sequence[str]) -> CsvFile:
    """The rows of a file with these columns, in any order; `required` are not empty.

    `faults` holds the faults of single rows. Raises `InputFileError` if nothing can be
    read: the file is missing, is not text, or lacks these columns.
    """
    content = _content(path)
    file = CsvFile(str(path), hashlib.sha256(content).hexdigest())
    lines = _lines(file, _text(file.name, content))
    header = next(lines, None)
    if header is None:
        _refuse(file.name, f"It is empty. Its first line is {','.join(required)}.")
    names = _names(file, *header, required, optional)
    for line, values in lines:
        if {*required} <= {value.lstrip(MARK) for value in values}:
            file.note([Fault(line, None, HEADER_AGAIN)])
        elif row := _row(file, line, values, names, required):
            file.rows.append(row)
    return file


def _content(path: Path) -> bytes:
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            _refuse(str(path), "It is no file, but a pipe or a device. Name a file.")
        with path.open("rb") as opened:
            content = opened.read(MAX_BYTES + 1)
    except FileNotFoundError:
        _refuse(str(path), "There is no such file. Check its name.")
    except IsADirectoryError:
        _refuse(str(path), "It is a folder. Name the file in it.")
    except OSError as error:
        _refuse(str(path), f"It cannot be read: {error.strerror}.")
    if len(content) > MAX_BYTES:
        _refuse(str(path), f"It has more than {MAX_BYTES // 2**20} MB. Is it the file?")
    return content


def _text(name: str, content: bytes) -> str:
    for start, (kind, advice) in NO_TEXT.items():
        if content.startswith(start):
            _refuse(name, f"It is {kind}, and no CSV in UTF-8. {advice}")
    if UTF_16_UNMARKED.match(content):
        kind, advice = UTF_16_TEXT
        _refuse(name, f"It is {kind}, and no CSV in UTF-8. {advice}")
    try:
        return content.decode().lstrip(MARK)
    except UnicodeDecodeError as error:
        before = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        text = f"The byte 0x{content[error.start]:02x} is no UTF-8. {AS_CSV}"
        raise InputFileError(
            name, [Fault(before.count(b"\n") + 1, None, text)]
        ) from None


def _lines(file: CsvFile, text: str) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, each with its first line; a value may span lines."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            values = next(reader, None)
        except csv.Error as error:
            text = f"Its quotes or values are not those of a CSV file: {error}."
            file.note([Fault(line, None, f"{text} Close each quote.")])
            return
        if values is None:
            return
        if any(stripped := [value.strip() for value in values]):
            yield line, stripped


def _names(
    file: CsvFile,
    line: int,
    values: list[str],
    required: Sequence[str],
    optional: Sequence[str],
) -> list[str]:
    """The names of the columns in the order of the header."""
    known = [*required, *optional]
    faults = []
    if values[0].startswith("sep="):
        text = f"Remove this line, {shown(values[0])}: only Excel knows it."
        faults = [Fault(line, None, text)]
    elif separator := _separator(values):
        faults = [Fault(line, None, separator)]
    else:
        faults = [*_wrong_header(line, values, required, known)]
    if faults:
        raise InputFileError(file.name, [*faults, *file.faults])
    return values


def _wrong_header(
    line: int, values: list[str], required: Sequence[str], known: Sequence[str]
) -> Iterator[Fault]:
    meant = [value.lower() if value.lower() in known else value for value in values]
    if capital := [name for name in meant if name and name not in values]:
        text = f"Names of columns are in lower case. Write {', '.join(capital)}."
        yield Fault(line, None, text)
    yield from _wrong_names(line, meant, known)
    for name in required:
        if name not in meant:
            text = f"The column is missing. Columns: {', '.join(known)}."
            yield Fault(line, name, text)


def _wrong_names(line: int, values: list[str], known: Sequence[str]) -> Iterator[Fault]:
    for position, name in enumerate(values):
        if name and name not in known:
            text = f"There is no such column. Columns: {', '.join(known)}."
            yield Fault(line, name, text)
        elif name and name in values[:position]:
            yield Fault(line, name, "The column is there twice. Remove one.")


def _separator(values: list[str]) -> str | None:
    """The fault of a line whose columns are not separated by commas."""
    for character, noun in SEPARATORS.items():
        if any(character in value for value in values):
            return f"Its columns are separated by {noun}. Use commas. {AS_CSV}"
    return None


def _row(
    file: CsvFile,
    line: int,
    values: list[str],
    names: list[str],
    required: Sequence[str],
) -> Row | None:
    """The values by column; None if they cannot be told apart. Faults are noted."""
    pairs = list(zip_longest(names, values, fillvalue=""))
    if len(values) == 1 < len(required) and (text := _separator(values)):
        file.note([Fault(line, None, text)])
        return None
    if any(value and not name for name, value in pairs):
        text = f"It has more values than columns: {', '.join(filter(None, names))}."
        file.note([Fault(line, None, f"{text} Quote a value with a comma.")])
        return None
    faults = list(_wrong_values(line, pairs, required))
    file.note(faults)
    cells = {name: value for name, value in pairs if name}
    return Row(line, cells, [fault.column for fault in faults if fault.column])


def _wrong_values(
    line: int, pairs: list[tuple[str, str]], required: Sequence[str]
) -> Iterator[Fault]:
    for name, value in pairs:
        if name in required and not value:
            yield Fault(line, name, "It is empty. Write a value, or remove the line.")
        elif found := hidden(value):
            yield Fault(line, name, _hidden(value, *found))


def _hidden(value: str, character: str, kind: str) -> str:
    advice = "Write a plain one." if kind == SPACE else "Remove it."
    return f"{shown(value)} holds {kind}, U+{ord(character):04X}. {advice}"


def _refuse(name: str, text: str) -> NoReturn:
    raise InputFileError(name, [Fault(None, None, text)])
