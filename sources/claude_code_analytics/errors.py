"""What can go wrong between the API and a day's tables, beside what may in any source.

    WholeDaysError
    ├── SettingsError            a setting cannot be used; the run ends
    ├── CredentialsError         the key is missing or refused; the run ends
    └── DayError                 this day failed; the others go on
        ├── ContractError        the reply is not what the API promises
        └── StaleCursorError     the page cursor has expired; the day starts again

No message ever holds the key, nor an email.
"""

from typing import Final

from whole_days.errors import DayError, WholeDaysError


class SettingsError(WholeDaysError):
    """A setting has a value that cannot be used."""


class CredentialsError(WholeDaysError):
    """There is no key, or the API refuses it (401, 403)."""


class ContractError(DayError):
    """A reply breaks the API's contract in a way that could lose or bend numbers."""


class StaleCursorError(DayError):
    """The page cursor is no longer valid (410, or 400 about `page`)."""


LONGEST_REASON: Final = 600  # characters
