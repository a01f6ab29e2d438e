"""Matches drivers' messages against the patterns of all engines.

A message does not say which engine it is from. Patterns are English; messages in other
languages get the general advice.
"""

import re

from .engines import ENGINES
from .fixes import REPAIR
from .other import Engine

# The base class of PEP 249, and those of Google's libraries.
OF_DRIVERS = ("DatabaseError", "GoogleAPIError", "GoogleAuthError")

ALL = (*(engine.errors for engine in ENGINES.values()), Engine.errors)


def is_of_driver(error: BaseException) -> bool:
    """Whether a driver raised it, going by the names of its base classes."""
    return any(kind.__name__ in OF_DRIVERS for kind in type(error).__mro__)


def is_unreadable(said: str) -> bool:
    """Whether a driver says that it cannot read its credentials."""
    patterns = [errors.unreadable for errors in ALL if errors.unreadable]
    return re.search("|".join(patterns), said) is not None


def message(said: str) -> str:
    """The message without the phrases that a driver adds before and after."""
    for errors in ALL:
        if errors.before:
            said = said.rpartition(errors.before)[2]
        if errors.after:
            said = said.partition(errors.after)[0]
    return said


def fix(said: str) -> str:
    """The advice for a person."""
    for errors in ALL:
        for pattern, advice in errors.fixes.items():
            if re.search(pattern, said):
                return advice
    return REPAIR


def expected(error: BaseException) -> str | None:
    """The credentials that dlt expected instead of those it cannot read."""
    for errors in ALL:
        for kind, text in errors.expected.items():
            if isinstance(error, kind):
                return text
    return None


def extra(name: str) -> str:
    """The extra that installs a driver: ours where there is one, else dlt's."""
    ours = [engine.extra for engine in ENGINES.values()]
    return name.replace("dlt[", "ccwarehouse[") if name in ours else name
