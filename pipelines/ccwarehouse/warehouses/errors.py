"""The errors of this package. A person can fix each of them.

    ValueError
      ImpossibleNameError         a file or a dataset cannot be called like this
      UnsuitableDestinationError  a day cannot be replaced there
    LookupError
      NothingLoadedError          the tables or the views do not exist yet
    RuntimeError
      ObstacleError               a relation of someone else blocks a view
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


class NothingLoadedError(LookupError):
    """The raw tables, or the views over them, do not exist yet."""


class ObstacleError(RuntimeError):
    """Someone else's relation blocks a view; the message names it."""


class PublishError(RuntimeError):
    """The copy for readers could not be made; the message says why."""


class WarehouseInUseError(RuntimeError):
    """Another load writes to the dataset of a server; the message names its user."""


class UnusableCredentialsError(ConfigurationException):
    """The credentials are not a usable URL; the message does not quote them."""
