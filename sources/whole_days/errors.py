"""The errors of fetching days.

    WholeDaysError
    ├── ClockError               this machine's clock is wrong by days; the run ends
    ├── OrganisationError        another organisation's days; the run ends
    │   └── SharedError          those of an organisation that another account holds
    └── DayError                 this day failed; the run continues
        ├── RefusedError         also ends the run if no call is ever accepted
        └── TransientError       retry after `retry_after` seconds

A source derives its own errors: from `WholeDaysError` to end a run, from `DayError` to
fail a day. No message may contain a key or an email.
"""


class WholeDaysError(Exception):
    """The base of all errors that a load of days raises on purpose."""


class ClockError(WholeDaysError):
    """This machine's clock differs from the API's by more than a day."""


class OrganisationError(WholeDaysError):
    """The key belongs to another organisation than the account's stored days."""

    def __init__(self, found: str, known: str, account: str, source: str) -> None:
        super().__init__(
            f"The key reads organisation {found}, but account {account} holds "
            f"organisation {known}. Give this key its own account (account under "
            f"[sources.{source}], or SOURCES__{source.upper()}__ACCOUNT)."
        )


class SharedError(OrganisationError):
    """Another account holds the same organisation already."""

    def __init__(self, found: str, account: str, other: str) -> None:
        WholeDaysError.__init__(
            self,
            f"Account {account} reads organisation {found}, which account {other} "
            "holds already: all costs would count twice. Give it the key of another "
            "organisation, remove it, or load it into another dataset.",
        )


class DayError(WholeDaysError):
    """One day could not be fetched whole."""


class RefusedError(DayError):
    """The API refused one day.

    `ends_run` is what to raise if no call of the run is accepted.
    """

    def __init__(self, message: str, *, ends_run: WholeDaysError) -> None:
        super().__init__(message)
        self.ends_run = ends_run


class TransientError(DayError):
    """The call may succeed later.

    `retry_after` is the number of seconds the API asked to wait, 0 if it did not say.
    With `is_rate_limit` every call with this key has to wait, not only this one.
    """

    def __init__(
        self, message: str, *, retry_after: float = 0, is_rate_limit: bool = False
    ) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.is_rate_limit = is_rate_limit
