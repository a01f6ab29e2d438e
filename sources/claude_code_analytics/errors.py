"""What can go wrong between the API and a day's tables.

    ClaudeCodeAnalyticsError
    ├── SettingsError            a setting cannot be used; the run ends
    ├── CredentialsError         the key is missing or refused; the run ends
    └── DayError                 this day failed; the others go on
        ├── ContractError        the reply is not what the API promises
        ├── StaleCursorError     the page cursor has expired; the day starts again
        └── TransientError       worth another try after `retry_after` seconds

No message ever holds the key, nor an email.
"""

import re
from typing import Final


class ClaudeCodeAnalyticsError(Exception):
    """Root of everything this package raises on purpose."""


class SettingsError(ClaudeCodeAnalyticsError):
    """A setting has a value that cannot be used."""


class CredentialsError(ClaudeCodeAnalyticsError):
    """There is no key, or the API refuses it (401, 403)."""


class DayError(ClaudeCodeAnalyticsError):
    """One day could not be fetched whole."""


class ContractError(DayError):
    """A reply breaks the API's contract in a way that could lose or bend numbers."""


class StaleCursorError(DayError):
    """The page cursor is no longer valid (410, or 400 about `page`)."""


class TransientError(DayError):
    """The call may succeed later.

    `retry_after` is the number of seconds the API asked to wait, 0 if it did not say;
    `is_rate_limit` tells that every call of this key has to wait, not only this one.
    """

    def __init__(
        self, message: str, *, retry_after: float = 0, is_rate_limit: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.is_rate_limit = is_rate_limit


LONGEST_REASON: Final = 600  # characters

# It begins where no longer name could, else every letter of a long word without an at
# sign would be tried as the first one.
_EMAIL = re.compile(r"(?<![^\s\"'<>@])[^\s\"'<>@]++@[^\s\"'<>@]+")


def without_emails(text: str) -> str:
    """The text with `[email]` for whatever looks like one."""
    return _EMAIL.sub("[email]", text)
