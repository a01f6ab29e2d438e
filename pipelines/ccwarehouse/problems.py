"""Errors a person can fix, each kind with its exit code and one line that says how.

All other errors are bugs and keep their traceback (exit code 1).
"""

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

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

from anthropic_directory import SnapshotError
from claude_code_analytics import (
    CredentialsError,
    SettingsError,
    UnknownAccountError,
)
from whole_days.errors import ClockError, OrganisationError, SharedError

from .exit_codes import ExitCode
from .export import ExportError, UnknownViewError
from .inputs import InputFileError, InputFilesError
from .redaction import without_secrets
from .refusals import refusal
from .warehouses import (
    CopyError,
    ImpossibleNameError,
    NobodyError,
    NothingLoadedError,
    ObstacleError,
    OtherShapeError,
    PrivacyError,
    PublishError,
    UnsuitableDestinationError,
    WarehouseInUseError,
    driver_errors,
)
from .warehouses.fixes import WAIT
from .warehouses.temporary import is_temporary, unusable

# The errors that stop no other account and no other report.
OF_ONE = (
    ClockError,
    CredentialsError,
    OrganisationError,
    SettingsError,
    SnapshotError,
)
NO_SUCH_DESTINATION = (
    "There is no such destination. Name a destination of dlt with --destination, for "
    "example duckdb, postgres or bigquery."
)
MISSING_DRIVER = (
    "The driver of {destination} is missing. Install it: pip install {what}"
)
REPLACE = "Or let its organisation replace the stored one (--replace-organisation)."
ELSEWHERE = "Name the other dataset with --dataset."
UNREADABLE = (
    "The driver of {location} cannot read its credentials. Correct them in dlt's "
    "configuration, also the scheme and the options of a URL, then run it again."
)


@dataclass(frozen=True)
class Problem:
    """One line for a person, ending with what to do, and the exit code.

    `more` are further lines, and `facts` are keys for programs. Both are for problems
    with several faults to fix.
    """

    code: ExitCode
    line: str
    more: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(kw_only=True)
class Part:
    """A part of a load: an account, or a report of one.

    `problem` is why nothing of it is loaded.
    """

    problem: Problem | None = None

    @contextmanager
    def own_problem(self, *, is_alone: bool = False) -> Iterator[None]:
        """Note an error that concerns this part only; one that `is_alone` raises it."""
        try:
            yield
        except OF_ONE as error:
            if is_alone:
                raise
            self.problem = explain(error, "")


def explain(error: BaseException, location: str) -> Problem | None:
    """The problem behind an error or one of its causes; None when it is a bug.

    `location` names the warehouse in use.
    """
    seen: BaseException | None = error
    while seen is not None:
        if problem := _known(seen, location):
            return problem
        seen = seen.__cause__
    return None


def _known(error: BaseException, location: str) -> Problem | None:
    match error:
        case (
            ImpossibleNameError()
            | NobodyError()
            | UnknownAccountError()
            | UnknownViewError()
            | UnsuitableDestinationError()
        ):
            code, line = ExitCode.USAGE, str(error)
        case (
            ClockError()
            | CredentialsError()
            | OrganisationError()
            | PrivacyError()
            | SettingsError()
        ):
            code, line = ExitCode.CONFIGURATION, _with_option(error)
        case InputFileError() | InputFilesError():
            return _of_files(error)
        case UnknownDestinationModule():
            code, line = ExitCode.USAGE, NO_SUCH_DESTINATION
        case MissingDependencyException():
            code, line = ExitCode.CONFIGURATION, _install(error)
        case ConfigurationException():
            code, line = ExitCode.CONFIGURATION, refusal(error)
        case OSError() if is_temporary(error):
            code, line = ExitCode.WAREHOUSE, unusable(error)
        case _ if _is_unreadable(error):
            code, line = ExitCode.CONFIGURATION, UNREADABLE.format(location=location)
        case (
            CopyError()
            | ExportError()
            | NothingLoadedError()
            | ObstacleError()
            | OtherShapeError()
            | PublishError()
        ):
            code, line = ExitCode.WAREHOUSE, str(error)
        case SnapshotError():
            code, line = ExitCode.DAYS_FAILED, str(error)
        case _ if _is_of_warehouse(error):
            code, line = ExitCode.WAREHOUSE, _of_warehouse(error, location)
        case _:
            return None
    return Problem(code, line)


def _with_option(error: Exception) -> str:
    """The sources know no command line; here its options are named."""
    match error:
        case SharedError():
            return f"{error} {ELSEWHERE}"
        case OrganisationError():
            return f"{error} {REPLACE}"
    return str(error)


def _of_files(error: InputFileError | InputFilesError) -> Problem:
    """The line is the first fault. `more` has the next ones, and `facts` all."""
    line, *more = without_secrets(str(error)).splitlines()
    faults = [
        fault | {"text": without_secrets(fault["text"])} for fault in error.as_dicts()
    ]
    return Problem(ExitCode.CONFIGURATION, line, more, {"faults": faults})


def _install(error: MissingDependencyException) -> str:
    """The extra that installs the driver: ours where there is one, else dlt's."""
    extras = map(driver_errors.extra, error.dependencies)
    destination = error.caller.removesuffix(" destination")
    return MISSING_DRIVER.format(destination=destination, what=shlex.join(extras))


def _is_unreadable(error: BaseException) -> bool:
    """Whether a driver could not read its credentials; its message then quotes them."""
    return driver_errors.is_of_driver(error) and driver_errors.is_unreadable(str(error))


def _is_of_warehouse(error: BaseException) -> bool:
    """Whether it is dlt's, the system's or a driver's error of the warehouse."""
    kinds = (DestinationException, OSError, WarehouseInUseError)
    return isinstance(error, kinds) or driver_errors.is_of_driver(error)


def _of_warehouse(error: BaseException, location: str) -> str:
    said = driver_errors.message(_first_line(_inner(error)))
    fix = driver_errors.fix(said)
    state = "is in use" if fix == WAIT else "cannot be used"
    return f"{location} {state}: {without_secrets(said)} {fix}"


def _inner(error: BaseException) -> BaseException:
    """The warehouse's own error, without dlt's exceptions around it."""
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
