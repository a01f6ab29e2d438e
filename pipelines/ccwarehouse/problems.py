"""Errors a person can mend, each kind with its exit code and one line that says how.

Whatever is not here is a bug and keeps its traceback (exit code 1).
"""

import re
import shlex
from dataclasses import dataclass

from dlt.common.configuration.exceptions import ConfigurationException
from dlt.common.destination.exceptions import (
    DestinationException,
    SchemaUpdateError,
    UnknownDestinationModule,
)
from dlt.common.exceptions import MissingDependencyException
from dlt.destinations.exceptions import (
    DatabaseException,
    DestinationConnectionError,
)
from dlt.load.exceptions import LoadClientJobException

from claude_code_analytics import CredentialsError, OrganisationError, SettingsError
from whole_days.errors import ClockError

from .destinations import UnsuitableDestinationError
from .exit_codes import ExitCode
from .names import ImpossibleNameError
from .obstacles import ObstacleError
from .publish import PublishError
from .redaction import without_secrets
from .refusals import refusal
from .temporary import is_temporary, unusable
from .views import NothingLoadedError
from .waiting import WarehouseInUseError

NO_SUCH_DESTINATION = (
    "There is no such destination. Name one of dlt's with --destination, as in duckdb, "
    "postgres or bigquery."
)
MISSING_DRIVER = (
    "The driver of {destination} is missing. Install it: pip install {what}"
)
WAIT = "Wait until it has ended, then run the same command again."
REPAIR = "Make it reachable and writable, then run the same command again."
UNREADABLE = (
    "The driver of {location} cannot read its credentials. Correct them in dlt's "
    "configuration, the scheme of an address and its options too, then run it again."
)
CORRECT = "Correct user and password in dlt's configuration, then run it again."
CREATE = "Create it or name another in dlt's configuration, then run it again."
GRANT = "Grant what a loader needs, as docs/warehouses lists it, then run it again."
MAKE_ROOM = "Make room on its disk, then run the same command again."

# What databases say, and the mend. Words, since a connection that was refused has no
# code; said in another language, it is mended by REPAIR.
MENDS = (
    ("Could not set lock|another load writes", WAIT),
    ("authentication failed", CORRECT),
    ("database .* does not exist", CREATE),
    ("permission denied|must be owner|Access Denied", GRANT),
    ("No space left|File too large", MAKE_ROOM),
)

# What drivers say of credentials that they cannot even read, and then quote.
NOT_READ = "invalid dsn|Unable to load PEM"

# What dlt calls the extras that this package has, too.
OUR_EXTRAS = ("dlt[postgres]", "dlt[bigquery]")

# PEP 249's name, and those that Google's libraries have beside it.
OF_DRIVERS = ("DatabaseError", "GoogleAPIError", "GoogleAuthError")


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
    match error:
        case ClockError() | CredentialsError() | OrganisationError() | SettingsError():
            code, line = ExitCode.CONFIGURATION, str(error)
        case ImpossibleNameError() | UnsuitableDestinationError():
            code, line = ExitCode.USAGE, str(error)
        case UnknownDestinationModule():
            code, line = ExitCode.USAGE, NO_SUCH_DESTINATION
        case MissingDependencyException():
            code, line = ExitCode.CONFIGURATION, _install(error)
        case ConfigurationException():
            code, line = ExitCode.CONFIGURATION, refusal(error)
        case OSError() if is_temporary(error):
            code, line = ExitCode.WAREHOUSE, unusable(error)
        case _ if _is_of_driver(error) and re.search(NOT_READ, str(error)):
            code, line = ExitCode.CONFIGURATION, UNREADABLE.format(location=location)
        case NothingLoadedError() | ObstacleError() | PublishError():
            code, line = ExitCode.WAREHOUSE, str(error)
        case DestinationException() | OSError() | WarehouseInUseError():
            code, line = ExitCode.WAREHOUSE, _of_warehouse(error, location)
        case _ if _is_of_driver(error):
            code, line = ExitCode.WAREHOUSE, _of_warehouse(error, location)
        case _:
            return None
    return Problem(code, line)


def _install(error: MissingDependencyException) -> str:
    """The extra that brings the driver: ours where there is one, else dlt's."""
    extras = [
        name.replace("dlt[", "ccwarehouse[") if name in OUR_EXTRAS else name
        for name in error.dependencies
    ]
    destination = error.caller.removesuffix(" destination")
    return MISSING_DRIVER.format(destination=destination, what=shlex.join(extras))


def _is_of_driver(error: BaseException) -> bool:
    """Whether a database's driver raised it, going by the name of its errors."""
    return any(kind.__name__ in OF_DRIVERS for kind in type(error).__mro__)


def _of_warehouse(error: BaseException, location: str) -> str:
    said = _first_line(_inner(error)).partition(" See also http")[0]
    said = said.partition(" However, you would be able to open")[0]
    said = said.rpartition("PGRES_FATAL_ERROR ERROR:  ")[2]
    mend = next((mend for words, mend in MENDS if re.search(words, said)), REPAIR)
    state = "is in use" if mend == WAIT else "cannot be used"
    return f"{location} {state}: {without_secrets(said)} {mend}"


def _inner(error: BaseException) -> BaseException:
    """What the warehouse itself said, without what dlt has wrapped around it."""
    match error:
        case DestinationConnectionError():
            return _inner(error.inner_exc)
        case LoadClientJobException():
            return _inner(error.client_exception)
        case SchemaUpdateError():
            return _inner(error.cause)
        case DatabaseException():
            return _inner(error.dbapi_exception)
    return error


def _first_line(error: BaseException) -> str:
    text = str(error).strip().partition("\n")[0].rstrip()
    return text if text.endswith((".", "!")) else f"{text}."
