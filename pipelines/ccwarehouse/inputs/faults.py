"""The faults of a file: what is wrong, where, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FAULTS_SHOWN = 5
MAX_FAULTS = 1000  # so many have one cause, which the first ones show
CUT = "There may be more faults. Correct these first."
VALUE_SHOWN = 40  # characters


@dataclass(frozen=True)
class Fault:
    """One thing to fix; without a line it concerns the whole file."""

    line: int | None
    column: str | None
    text: str

    def place(self, file: str) -> str:
        """File, and line and column if they are known. A strange column is quoted."""
        line = "" if self.line is None else f", line {self.line}"
        if self.column is None:
            return f"{file}{line}"
        is_plain = self.column.isascii() and self.column.isidentifier()
        column = self.column if is_plain else shown(self.column)
        return f"{file}{line}, column {column}"

    def as_dict(self, file: str) -> dict[str, Any]:
        """The same for programs; `line` and `column` are None if unknown."""
        return {
            "file": file,
            "line": self.line,
            "column": self.column,
            "text": self.text,
        }


class InputFileError(ValueError):
    """A file that is not loaded. The message has a line for each of the first faults.

    `faults` are all of them, or with `is_cut` the first thousand.
    """

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.is_cut = len(faults) >= MAX_FAULTS
        first = sorted(faults, key=lambda fault: fault.line or 0)
        self.faults = first[:MAX_FAULTS]
        lines = [
            f"{fault.place(file)}: {fault.text}" for fault in self.faults[:FAULTS_SHOWN]
        ]
        if more := len(self.faults) - len(lines):
            lines.append(
                f"{file} has {more} more {'fault' if more == 1 else 'faults'}."
            )
        if self.is_cut:
            lines.append(f"{file}: {CUT}")
        lines.append(f"Nothing of {file} was loaded; what was loaded before counts.")
        super().__init__("\n".join(lines))

    def as_dicts(self) -> list[dict[str, Any]]:
        """All faults for programs, at last that there may be more."""
        cut = [Fault(None, None, CUT)] if self.is_cut else []
        return [fault.as_dict(self.file) for fault in [*self.faults, *cut]]


class InputFilesError(ValueError):
    """The refused files of a command. The message has the lines of each file."""

    def __init__(self, errors: Sequence[InputFileError]) -> None:
        self.errors = errors
        super().__init__("\n".join(map(str, errors)))

    def as_dicts(self) -> list[dict[str, Any]]:
        """All faults of all files for programs."""
        return [fault for error in self.errors for fault in error.as_dicts()]


def shown(value: str) -> str:
    """A value in quotes for a message: cut, and without control characters."""
    cut = value if len(value) <= VALUE_SHOWN else f"{value[:VALUE_SHOWN]}..."
    plain = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in cut
    )
    return f'"{plain}"'
