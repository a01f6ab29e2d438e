"""What happens, for log collectors: a JSON object a line, without emails or keys."""

import json
from collections.abc import Callable
from enum import IntEnum
from typing import Any
from uuid import uuid4

from whole_days.clock import utc_now
from whole_days.emails import without_emails


class Level(IntEnum):
    """How much an event needs attention."""

    INFO = 20
    WARNING = 30
    ERROR = 40


class Events:
    """Prints events. `account` and `report` are None until the settings are read.

    `is_unverified` says that no live reply was compared with the report's reference.
    `at_least` is the lowest level that is printed.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self.account: str | None = None
        self.report: str | None = None
        self.is_unverified = False
        self.at_least = Level.INFO
        self._run_id = str(uuid4())
        self._write = write

    def tell(self, level: Level, event: str, **facts: object) -> None:
        """Print an event with its own keys after the common ones."""
        if level < self.at_least:
            return
        common = {
            "time": utc_now().isoformat(timespec="milliseconds"),
            "level": level.name.lower(),
            "event": event,
            "run_id": self._run_id,
            "account": self.account,
            "report": self.report,
            "is_unverified": self.is_unverified,
        }
        self._write(json.dumps(common | _clean(facts, _remover())))

    def remark(self, line: str) -> None:
        """Print a line that needs attention as an event."""
        self.tell(Level.WARNING, "remark", message=line)


def _remover() -> Callable[[str], str]:
    """Removes emails and secrets from a text."""
    # imports dlt, which `--help` and wrong words need not wait for
    from .redaction import secrets_remover  # noqa: PLC0415

    remove = secrets_remover()
    return lambda text: without_emails(remove(text))


def _clean(value: Any, remove: Callable[[str], str]) -> Any:  # noqa: ANN401 - of JSON
    """The value with all its texts cleaned; keys are ours, or days."""
    match value:
        case dict():
            return {name: _clean(inner, remove) for name, inner in value.items()}
        case list() | tuple():
            return [_clean(inner, remove) for inner in value]
        case str():
            return remove(value)
    return value
