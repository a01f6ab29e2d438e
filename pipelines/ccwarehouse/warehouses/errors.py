"""The errors of this package. A person can fix each of them.

    ValueError
      ImpossibleNameError         a file or a dataset cannot be called like this
      UnsuitableDestinationError  a day cannot be replaced there
    LookupError
      NobodyError                 a person to forget is not in the dataset
      NothingLoadedError          the tables or the views do not exist yet
    RuntimeError
      CopyError                   a dataset is no target of a copy, or holds half of one
      ObstacleError               a relation of someone else blocks a view
      OtherShapeError             another version wrote the dataset
        OlderShapeError           the next load brings it over
        NewerShapeError           a newer version has to read it
      PrivacyError                the privacy set here is not the dataset's
      PublishError                the copy for readers could not be made
      WarehouseInUseError         another load writes to the dataset of a server
    ConfigurationException (dlt's)
      UnusableCredentialsError    the credentials are not a usable URL

dlt and the drivers raise errors of their own; `driver_errors` reads them.
"""

from dlt.common.configuration.exceptions import ConfigurationException


class ImpossibleNameError(ValueError):
    """A destination, a file or a dataset cannot be called like this."""


class UnsuitableDestinationError(ValueError):
    """A destination where a day cannot be replaced."""


class NobodyError(LookupError):
    """Nobody of a name is in the dataset, and nobody of it was forgotten."""


class NothingLoadedError(LookupError):
    """The raw tables, or the views over them, do not exist yet."""


class CopyError(RuntimeError):
    """A dataset cannot be copied into, or holds half a copy; the message says why."""


class ObstacleError(RuntimeError):
    """Someone else's relation blocks a view; the message names it."""


class OtherShapeError(RuntimeError):
    """Another version wrote the dataset: its ledger has other columns."""

    def __init__(self, dataset: str, column: str) -> None:
        super().__init__(
            f"Another version of ccwarehouse wrote dataset {dataset}: its day_fetches "
            f"has no column {column}. Load into a new dataset (--dataset)."
        )


class OlderShapeError(OtherShapeError):
    """An older version wrote the dataset, and no load has brought it over yet."""

    def __init__(self, dataset: str, version: str | None) -> None:
        RuntimeError.__init__(
            self,
            f"An older ccwarehouse{f' ({version})' if version else ''} wrote dataset "
            f"{dataset}. The next load brings it over. Load: ccwarehouse load",
        )


class NewerShapeError(OtherShapeError):
    """A newer version wrote the dataset."""

    def __init__(self, dataset: str, version: str | None) -> None:
        needed = f"{version} or newer" if version else "a newer version"
        RuntimeError.__init__(
            self,
            f"A newer ccwarehouse wrote dataset {dataset}, and this one does not know "
            f"its tables. Install ccwarehouse {needed}, then run it again.",
        )


class PrivacyError(RuntimeError):
    """The secret, or its absence, does not fit the dataset; the message says how."""


class PublishError(RuntimeError):
    """The copy for readers could not be made; the message says why."""


class WarehouseInUseError(RuntimeError):
    """Another load writes to the dataset of a server; the message names its user."""


class UnusableCredentialsError(ConfigurationException):
    """The credentials are not a usable URL; the message does not quote them."""
