"""What is wrong with a file, where, and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

FAULTS_SHOWN = 5
VALUE_SHOWN = 40  # characters


@dataclass(frozen=True)
class Fault:
    """One thing to correct; without a line it is of the whole file."""

    line: int | None
    column: str | None
    text: str

    def place(self, file: str) -> str:
        """File, line and column, as far as they are known."""
        line = "" if self.line is None else f", line {self.line}"
        column = "" if self.column is None else f", column {self.column}"
        return f"{file}{line}{column}"


class InputFileError(ValueError):
    """A file that is not loaded; a line for each of its first faults, in their order.

    `faults` are all of them.
    """

    def __init__(self, file: str, faults: Sequence[Fault]) -> None:
        self.file = file
        self.faults = sorted(faults, key=lambda fault: fault.line or 0)
        lines = [
            f"{fault.place(file)}: {fault.text}" for fault in self.faults[:FAULTS_SHOWN]
        ]
        if more := len(self.faults) - len(lines):
            lines.append(
                f"{file} has {more} more {'fault' if more == 1 else 'faults'}."
            )
        lines.append(f"Nothing of {file} was loaded; what was loaded before counts.")
        super().__init__("\n".join(lines))


def shown(value: str) -> str:
    """A value in quotes for a message: not too long, and nothing a terminal obeys."""
    cut = value if len(value) <= VALUE_SHOWN else f"{value[:VALUE_SHOWN]}..."
    plain = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}"
        for character in cut
    )
    return f'"{plain}"'
