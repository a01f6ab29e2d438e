"""Errors a person can mend, each kind with its exit code and one line that says how.

Whatever is not here is a bug and keeps its traceback (exit code 1).
"""

from dataclasses import dataclass
from enum import IntEnum

from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import (
    DestinationException,
    UnknownDestinationModule,
)
from dlt.common.exceptions import MissingDependencyException
from dlt.destinations.exceptions import DestinationConnectionError

from claude_code_analytics import CredentialsError, SettingsError

from .views import NothingLoaded


class ExitCode(IntEnum):
    """What the command line ends with."""

    DONE = 0
    BUG = 1
    USAGE = 2
    CONFIGURATION = 3
    DAYS_FAILED = 4
    WAREHOUSE = 5


@dataclass(frozen=True)
class Problem:
    """One line for a person, ending with what to do, and the exit code."""

    code: ExitCode
    line: str


def explain(error: BaseException, location: str) -> Problem | None:
    """The problem behind an error, looking through what it was raised from.

    `location` names the warehouse in use. None means that nobody but us can mend it.
    """
    seen: BaseException | None = error
    while seen is not None:
        if problem := _known(seen, location):
            return problem
        seen = seen.__cause__
    return None


def _known(error: BaseException, location: str) -> Problem | None:
    if isinstance(error, CredentialsError | SettingsError):
        return Problem(ExitCode.CONFIGURATION, str(error))
    if isinstance(error, UnknownDestinationModule):
        mend = "Name a destination of dlt with --destination, as in duckdb or postgres."
        return Problem(ExitCode.USAGE, f"There is no such destination. {mend}")
    if isinstance(error, MissingDependencyException):
        mend = "Install it: pip install 'ccwarehouse[postgres]' or '[bigquery]'."
        return Problem(ExitCode.CONFIGURATION, f"{_first_line(error)} {mend}")
    if isinstance(error, ConfigurationException):
        mend = "Set it in .dlt/secrets.toml, .dlt/config.toml or the environment."
        return Problem(ExitCode.CONFIGURATION, f"{_first_line(error)} {mend}")
    if isinstance(error, NothingLoaded):
        return Problem(ExitCode.WAREHOUSE, str(error))
    if isinstance(error, DestinationException | OSError):
        reason = _first_line(_inner(error))
        mend = "Make it reachable and writable, then run the same command again."
        return Problem(
            ExitCode.WAREHOUSE, f"{location} cannot be used: {reason} {mend}"
        )
    return None


def _inner(error: BaseException) -> BaseException:
    """What the warehouse itself said."""
    if isinstance(error, DestinationConnectionError):
        return error.inner_exc
    return error


def _first_line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0].rstrip()
    return text if text.endswith((".", "!")) else f"{text}."
