"""What can go wrong between the API and a day's tables, beside what may in any source.

    WholeDaysError
    ├── SettingsError            a setting cannot be used; the run ends
    ├── CredentialsError         the key is missing or refused; the run ends
    ├── OrganisationError        the key reads another organisation; the run ends
    └── DayError                 this day failed; the others go on
        ├── ContractError        the reply is not what the API promises
        └── StaleCursorError     the page cursor has expired; the day starts again

No message ever holds the key, nor an email.
"""

import re
from typing import Final

from whole_days.errors import DayError, WholeDaysError


class SettingsError(WholeDaysError):
    """A setting has a value that cannot be used."""


class CredentialsError(WholeDaysError):
    """There is no key, or the API refuses it (401, 403)."""


class OrganisationError(WholeDaysError):
    """The key reads an organisation of which the account holds nothing."""

    def __init__(self, found: str, known: str, account: str) -> None:
        super().__init__(
            f"The key reads organisation {found}, but account {account} holds "
            f"organisation {known}, which is not replaced unasked. Give this key an "
            "account of its own (SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNT, or account "
            "in .dlt/config.toml), or let its organisation replace the stored one "
            "(--replace-organisation)."
        )


class ContractError(DayError):
    """A reply breaks the API's contract in a way that could lose or bend numbers."""


class StaleCursorError(DayError):
    """The page cursor is no longer valid (410, or 400 about `page`)."""


LONGEST_REASON: Final = 600  # characters

# It begins where no longer name could, else every letter of a long word without an at
# sign would be tried as the first one.
_EMAIL = re.compile(r"(?<![^\s\"'<>@])[^\s\"'<>@]++@[^\s\"'<>@]+")


def without_emails(text: str) -> str:
    """The text with `[email]` for whatever looks like one."""
    return _EMAIL.sub("[email]", text)
