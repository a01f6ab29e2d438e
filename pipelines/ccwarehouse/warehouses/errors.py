"""What is raised here, all of it for a person to fix.

    ValueError
      ImpossibleNameError         a file or a dataset cannot be called like this
      UnsuitableDestinationError  a day cannot be replaced there
    LookupError
      NothingLoadedError          the tables or the views are not there yet
    RuntimeError
      ObstacleError               something of others is in a view's way
      PublishError                the copy for readers could not be made
      WarehouseInUseError         another load writes to a server's dataset
    ConfigurationException (dlt's)
      UnusableCredentialsError    credentials that are no address

Beside these come dlt's errors and those of the drivers; `driver_errors` reads them.
"""

from dlt.common.configuration.exceptions import ConfigurationException


class ImpossibleNameError(ValueError):
    """A destination, a file or a dataset cannot be called like this."""


class UnsuitableDestinationError(ValueError):
    """A destination where a day cannot be replaced."""


class NothingLoadedError(LookupError):
    """The raw tables, or the views over them, are not there yet."""


class ObstacleError(RuntimeError):
    """Someone else's relation keeps a view from being made; the message names it."""


class PublishError(RuntimeError):
    """The copy could not be made or put in place; the message says why."""


class WarehouseInUseError(RuntimeError):
    """Another load writes to a server's dataset; the message says whose."""


class UnusableCredentialsError(ConfigurationException):
    """Credentials that are no address of a server; the message holds none of them."""
