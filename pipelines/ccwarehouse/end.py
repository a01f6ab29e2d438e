"""How a command ends: a code, lines for people, and keys for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .exit_codes import ExitCode


@dataclass(frozen=True)
class End:
    """The end of a command.

    `error` is one line, None exactly when `code` is 0. `facts` are the command's own
    keys in the JSON object. `lines` are printed on stdout when JSON is not wanted.
    With `is_answer` they are all that the command was run for, so that losing them is a
    fault.
    """

    code: int = ExitCode.DONE
    error: str | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    lines: Sequence[str] = ()
    is_answer: bool = False
