"""The errors of this source, in addition to those of `whole_days`.

    WholeDaysError
    ├── SettingsError            a setting cannot be used; the run ends
    ├── CredentialsError         the key is missing or refused; the run ends
    ├── OrganisationError        the key reads another organisation; the run ends
    └── DayError                 this day failed; the others go on
        ├── ContractError        the reply is not what the API promises
        └── StaleCursorError     the page cursor has expired; the day starts again

No message contains the key or an email.
"""

import re
from typing import Final

from whole_days.errors import DayError, WholeDaysError


class SettingsError(WholeDaysError):
    """A setting has a value that cannot be used."""


class CredentialsError(WholeDaysError):
    """There is no key, or the API refuses it (401, 403)."""


class OrganisationError(WholeDaysError):
    """The key reads an organisation that the account does not hold."""

    def __init__(self, found: str, known: str, account: str) -> None:
        super().__init__(
            f"The key reads organisation {found}, but account {account} holds "
            f"organisation {known}. Give this key its own account "
            "(SOURCES__CLAUDE_CODE_ANALYTICS__ACCOUNT, or account in "
            ".dlt/config.toml), or let its organisation replace the stored one "
            "(--replace-organisation)."
        )


class ContractError(DayError):
    """A reply breaks the API's contract so that numbers could be lost or wrong."""


class StaleCursorError(DayError):
    """The page cursor is no longer valid (410, or 400 about `page`)."""


LONGEST_REASON: Final = 600  # characters

# The lookbehind stops the pattern from restarting at every letter, which would take
# quadratic time in a long word without an @.
_EMAIL = re.compile(r"(?<![^\s\"'<>@])[^\s\"'<>@]++@[^\s\"'<>@]+")


def without_emails(text: str) -> str:
    """The text with `[email]` for everything that looks like an email."""
    return _EMAIL.sub("[email]", text)
