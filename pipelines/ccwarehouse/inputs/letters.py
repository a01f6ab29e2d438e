"""Characters that no name may hold: two names that look alike would be two teams."""

import unicodedata
from typing import Final

LINE_BREAK: Final = "a line break or a control character"
SPACE: Final = "a space that is no plain one"
INVISIBLE: Final = "an invisible character"

KINDS: Final = {
    "Cc": LINE_BREAK,
    "Cf": INVISIBLE,
    "Co": INVISIBLE,
    "Cs": INVISIBLE,
    "Zl": LINE_BREAK,
    "Zp": LINE_BREAK,
    "Zs": SPACE,
}


def hidden(text: str) -> tuple[str, str] | None:
    """The first character that cannot be seen, and its kind; plain spaces may be."""
    if text.isprintable():
        return None
    for character in text:
        kind = KINDS.get(unicodedata.category(character))
        if kind and character != " ":
            return character, kind
    return None
