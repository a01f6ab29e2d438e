"""Emails have no place in messages."""

import re

# The lookbehind stops the pattern from starting again at every letter, which would take
# quadratic time on a long word without an at sign.
_EMAIL = re.compile(r"(?<![^\s\"'<>@])[^\s\"'<>@]++@[^\s\"'<>@]+")


def without_emails(text: str) -> str:
    """The text with `[email]` for whatever looks like one."""
    return _EMAIL.sub("[email]", text)
