"""What can go wrong between the API and a day's tables.

    ClaudeCodeAnalyticsError
    ├── SettingsError            a setting cannot be used; the run ends
    ├── CredentialsError         the key is missing or refused; the run ends
    ├── ClockError               this machine's clock is days off; the run ends
    ├── OrganisationError        the key reads another organisation; the run ends
    └── DayError                 this day failed; the others go on
        ├── RefusedError         ends the run as well, while no call was accepted
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


class ClockError(ClaudeCodeAnalyticsError):
    """This machine's clock is more than a day away from the API's."""


class OrganisationError(ClaudeCodeAnalyticsError):
    """The key reads an organisation of which the account holds nothing."""

    def __init__(self, found: str, known: str, account: str) -> None:
        super().__init__(
            f"The key reads organisation {found}, but account {account} holds "
            f"organisation {known}, which is not replaced unasked. Give this key an "
            "account of its own (SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNT, or account "
            "in .dlt/config.toml), or let its organisation replace the stored one "
            "(--replace-organisation)."
        )


class DayError(ClaudeCodeAnalyticsError):
    """One day could not be fetched whole."""


class RefusedError(DayError):
    """One day was refused; when no call of the run is accepted, every day is.

    `ends_run` is what to raise then.
    """

    def __init__(
        self, message: str, *, ends_run: CredentialsError | SettingsError
    ) -> None:
        super().__init__(message)
        self.ends_run = ends_run


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
