"""The exit codes and their meanings. Help and docs copy them from here."""

from enum import IntEnum


class ExitCode(IntEnum):
    """A code and its meaning, as `--help` and docs/operations.md print it."""

    meaning: str

    def __new__(cls, value: int, meaning: str) -> "ExitCode":
        """A code that carries its meaning."""
        code = int.__new__(cls, value)
        code._value_ = value
        code.meaning = meaning
        return code

    DONE = 0, "all wanted days are loaded"
    BUG = 1, "a bug, with its traceback; or a check of transform --check fails"
    USAGE = 2, "wrong usage"
    CONFIGURATION = 3, "credentials or configuration"
    DAYS_FAILED = 4, "some days failed or are missing, the others are loaded"
    WAREHOUSE = 5, "the warehouse could not be reached or refused"
    OVER_BUDGET = 6, "a budget is over"
    NOTHING_LOADED = 7, "days were wanted, and none could be loaded"
    INTERRUPTED = 130, "interrupted; committed days stay"


def as_help() -> str:
    """The table at the end of a command's help. `\\b` tells click to keep its lines."""
    lines = [f"  {code:3}  {code.meaning}" for code in ExitCode]
    return "\n".join(["\b", "Exit codes:", *lines])
