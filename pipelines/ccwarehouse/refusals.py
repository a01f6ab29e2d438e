"""What dlt's configuration lacks, or what in it cannot be read: one line, no value.

The lines are made from the attributes of dlt's errors, because the texts of these
errors quote values.
"""

import os
import re
import tomllib
from pathlib import Path
from typing import Final

from dlt.common.configuration.exceptions import (
    ConfigFieldMissingException,
    ConfigurationException,
    ConfigValueCannotBeCoercedException,
    InvalidNativeValue,
    LookupTraces,
    NestedLookupTraces,
)
from dlt.common.configuration.providers.toml import TomlProviderReadException
from dlt.common.configuration.specs.exceptions import NativeValueError

from .redaction import without_secrets
from .warehouses import UnusableCredentialsError, driver_errors

CONFIGURE: Final = (
    "Set it in .dlt/secrets.toml, in .dlt/config.toml or in the environment."
)
CORRECT_FILE: Final = "Correct the file."


def refusal(error: ConfigurationException) -> str:
    """What to set or correct."""
    match error:
        case UnusableCredentialsError():
            return str(error)
        case TomlProviderReadException():
            return f"{_unreadable(error)} {CORRECT_FILE}"
        case ConfigFieldMissingException():
            return f"{_missing(error)} {CONFIGURE}"
        case ConfigValueCannotBeCoercedException():
            kind = getattr(error.hint, "__name__", error.hint)
            text = f"`{error.field_name}` cannot be read as {kind}."
        case InvalidNativeValue():
            text = _unparsed(error)
        case _:
            text = without_secrets(str(error).strip().partition("\n")[0])
    return f"{text} {CONFIGURE}"


def _missing(error: ConfigFieldMissingException) -> str:
    """The missing fields, with their own missing fields in parentheses."""
    fields = [f"`{name}`{_inner(traces)}" for name, traces in error.traces.items()]
    return (
        f"Missing {len(fields)} field(s) in `{error.spec_name}`: {', '.join(fields)}."
    )


def _inner(traces: NestedLookupTraces) -> str:
    specs = [trace for trace in traces if isinstance(trace, LookupTraces)]
    names = dict.fromkeys(name for spec in specs for name in spec.traces)
    return f" ({', '.join(names)})" if names else ""


def _unparsed(error: InvalidNativeValue) -> str:
    """What was expected, and the scheme of the given value."""
    inner = error.inner_exception
    text = f"`{error.spec.__name__}` cannot be read."
    if not isinstance(inner, NativeValueError):
        return text
    if expected := driver_errors.expected(inner):
        return f"{text} {expected}"
    scheme = re.match(r"[a-z][a-z0-9+]*(?=://)", str(inner.native_value))
    came = f" It begins with {scheme[0]}://." if scheme else ""
    return f"{text}{came} {str(inner).rstrip('.')}."


def _unreadable(error: TomlProviderReadException) -> str:
    """Which of the files is broken, where and why."""
    for path in map(Path, error.full_paths):
        try:
            tomllib.loads(path.read_text("utf-8"))
        except FileNotFoundError:
            continue
        except (OSError, ValueError) as reason:
            return f"{os.path.normpath(path)} cannot be read: {_nameless(reason)}."
    return f"{error.file_name} cannot be read: it is not TOML that dlt can read."


def _nameless(reason: OSError | ValueError) -> str:
    """A parser's reason without the names it quotes: one may be a misplaced value."""
    if isinstance(reason, OSError):
        return str(reason.strerror)
    return re.sub(r"\((?:'[^']*',? ?)+\)|'[^']{2,}'", "a name", str(reason))
