"""What drivers say, read with the words of all engines: a message names no engine.

Patterns are English. Other languages fall back to the general advice.
"""

import re

from .engines import ENGINES
from .fixes import REPAIR
from .other import Engine

# PEP 249's name, and those that Google's libraries have beside it.
OF_DRIVERS = ("DatabaseError", "GoogleAPIError", "GoogleAuthError")

ALL = (*(engine.errors for engine in ENGINES.values()), Engine.errors)


def is_of_driver(error: BaseException) -> bool:
    """Whether a database's driver raised it, going by the name of its errors."""
    return any(kind.__name__ in OF_DRIVERS for kind in type(error).__mro__)


def is_unreadable(said: str) -> bool:
    """Whether a driver says that it cannot even read its credentials."""
    patterns = [errors.unreadable for errors in ALL if errors.unreadable]
    return re.search("|".join(patterns), said) is not None


def message(said: str) -> str:
    """The message without what a driver puts around it."""
    for errors in ALL:
        if errors.before:
            said = said.rpartition(errors.before)[2]
        if errors.after:
            said = said.partition(errors.after)[0]
    return said


def fix(said: str) -> str:
    """What a person does about it."""
    for errors in ALL:
        for pattern, advice in errors.fixes.items():
            if re.search(pattern, said):
                return advice
    return REPAIR


def expected(error: BaseException) -> str | None:
    """What dlt should have been given in place of credentials that it cannot read."""
    for errors in ALL:
        for kind, text in errors.expected.items():
            if isinstance(error, kind):
                return text
    return None


def extra(name: str) -> str:
    """dlt's extra with a driver, or ours where there is one."""
    ours = [engine.extra for engine in ENGINES.values()]
    return name.replace("dlt[", "ccwarehouse[") if name in ours else name
