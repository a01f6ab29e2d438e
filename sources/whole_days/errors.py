"""What can go wrong while days are fetched.

    WholeDaysError
    ├── ClockError               this machine's clock is days off; the run ends
    ├── OrganisationError        the days are another organisation's; the run ends
    ├── OtherShapeError          the dataset has other tables; the run ends
    └── DayError                 this day failed; the others go on
        ├── RefusedError         ends the run as well, while no call was accepted
        └── TransientError       worth another try after `retry_after` seconds

A source adds its own: what ends a run below `WholeDaysError`, what costs a day below
`DayError`. No message may hold a key or an email.
"""


class WholeDaysError(Exception):
    """Root of everything that a load of days raises on purpose."""


class ClockError(WholeDaysError):
    """This machine's clock is more than a day away from the API's."""


class OrganisationError(WholeDaysError):
    """The key reads an organisation of which the account holds nothing."""

    def __init__(self, found: str, known: str, account: str, source: str) -> None:
        super().__init__(
            f"The key reads organisation {found}, but account {account} holds "
            f"organisation {known}, which is not replaced unasked. Give this key an "
            f"account of its own (SOURCES__{source.upper()}__ACCOUNT, or account "
            "in .dlt/config.toml), or let its organisation replace the stored one "
            "(--replace-organisation)."
        )


class OtherShapeError(WholeDaysError):
    """A dataset whose ledger has other columns: another version wrote it."""

    def __init__(self, dataset: str, column: str) -> None:
        super().__init__(
            f"Another version of ccwarehouse wrote dataset {dataset}: its day_fetches "
            f"has no column {column}. Load into a new dataset (--dataset)."
        )


class DayError(WholeDaysError):
    """One day could not be fetched whole."""


class RefusedError(DayError):
    """One day was refused; when no call of the run is accepted, every day is.

    `ends_run` is what to raise then.
    """

    def __init__(self, message: str, *, ends_run: WholeDaysError) -> None:
        super().__init__(message)
        self.ends_run = ends_run


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
