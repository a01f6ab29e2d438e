"""Find emails in texts, and remove them from messages."""

import re

# The lookbehind stops the pattern from restarting at every letter, which would take
# quadratic time in a long word without an @.
_EMAIL = re.compile(r"(?<![^\s\"'<>@])[^\s\"'<>@]++@[^\s\"'<>@]+")


def without_emails(text: str) -> str:
    """The text with `[email]` in place of everything that looks like an email."""
    return _EMAIL.sub("[email]", text)


def emails(text: str) -> list[str]:
    """Everything in the text that looks like an email, without commas around it."""
    return [found.strip("(),.;:") for found in _EMAIL.findall(text)]
