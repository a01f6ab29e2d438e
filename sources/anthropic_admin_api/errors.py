"""The errors of the API and its sources, in addition to those of `whole_days`.

    WholeDaysError
    ├── SettingsError            a setting cannot be used; the run ends
    │   └── UnknownAccountError  no account has the name
    ├── CredentialsError         the key is missing or refused; the run ends
    └── DayError                 this day failed; the others go on
        ├── ContractError        the reply is not what the API promises
        ├── NoAnswerError        no call succeeded in time
        └── StaleCursorError     the page cursor has expired; the day starts again

No message contains the key or an email.
"""

from typing import Final

from whole_days.errors import DayError, WholeDaysError


class SettingsError(WholeDaysError):
    """A setting has a value that cannot be used."""


class UnknownAccountError(SettingsError):
    """No account of the configuration has the name that was asked for."""


class CredentialsError(WholeDaysError):
    """There is no key, or the API refuses it (401, 403)."""


class ContractError(DayError):
    """A reply breaks the API's contract so that numbers could be lost or wrong."""


class NoAnswerError(DayError):
    """No call succeeded in time. Asking for less would not help."""


class StaleCursorError(DayError):
    """The page cursor is no longer valid (410, or 400 about `page`)."""


LONGEST_REASON: Final = 600  # characters
