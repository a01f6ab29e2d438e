"""How people, keys, models and tools are called on the page."""

import re
from collections.abc import Iterable
from typing import Final

from whole_days.privacy import brief

from .text import plain

DATED: Final = re.compile(r"[-@]20[0-9]{6}$")
FAMILY_FIRST: Final = re.compile(r"(opus|sonnet|haiku)-([0-9]{1,2}(?:-[0-9]{1,2})?)")
VERSION_FIRST: Final = re.compile(r"([0-9]{1,2}(?:-[0-9]{1,2})?)-(opus|sonnet|haiku)")
NO_MODEL: Final = "(no model)"
KEY: Final = "api_actor"


class Names:
    """Names as they are, or numbers in the order in which they are first asked for."""

    def __init__(self, *, are_hidden: bool = False) -> None:
        self._are_hidden = are_hidden
        self._numbers: dict[str, dict[str, str]] = {}

    def actor(self, actor: str, actor_type: str = "user_actor") -> str:
        """An email, a key's name, a pseudonym in brief, or Person 1, API key 1."""
        is_key = actor_type == KEY
        if self._are_hidden:
            return self._numbered("API key" if is_key else "Person", actor)
        shown = plain(brief(actor), 60)
        return f"{shown} (API key)" if is_key else shown

    def _numbered(self, kind: str, actor: str) -> str:
        known = self._numbers.setdefault(kind, {})
        return known.setdefault(actor, f"{kind} {len(known) + 1}")


def models(names: Iterable[str]) -> dict[str, str]:
    """Short names by name: without maker and date, where that leaves them different."""
    names = sorted(set(names))
    short = {name: _short(name) for name in names}
    taken = list(short.values())
    return {
        name: plain(own if taken.count(own) == 1 else name or NO_MODEL)
        for name, own in short.items()
    }


def _short(model: str) -> str:
    """As in Opus 4.5; a name of another form keeps all but maker and date."""
    short = DATED.sub("", model).removeprefix("claude-")
    if found := FAMILY_FIRST.fullmatch(short):
        return f"{found[1].capitalize()} {found[2].replace('-', '.')}"
    if found := VERSION_FIRST.fullmatch(short):
        return f"{found[2].capitalize()} {found[1].replace('-', '.')}"
    return short or NO_MODEL


def tool(name: str) -> str:
    """As in Multi edit, for multi_edit_tool."""
    words = name.removesuffix("_tool").replace("_", " ").strip()
    return plain(words[:1].upper() + words[1:] or "(no tool)", 30)
