"""The variables that dlt reads when it is imported. Imports nothing large itself."""

from collections.abc import MutableMapping
from typing import Final

from .variables import forget_blank

# dlt would report this run: to its makers, or to where another project's settings say.
SILENCED: Final = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__DLTHUB_DSN": "",
    "RUNTIME__SENTRY_DSN": "",
}
# dlt would log tracebacks of errors that we report in one line. Users can raise this.
QUIET: Final = {"RUNTIME__LOG_LEVEL": "CRITICAL"}
# These would change the names of tables and columns, and the zone of timestamps.
FORGOTTEN: Final = (
    "DLT_DEFAULT_NAMING_MODULE",
    "DLT_DEFAULT_NAMING_NAMESPACE",
    "DLT_INTERVAL_TIMEZONE",
)


def prepare(environ: MutableMapping[str, str]) -> None:
    """Keep another project's variables from changing how dlt runs here.

    Our own variables without a value count as not set.
    """
    for name in FORGOTTEN:
        environ.pop(name, None)
    forget_blank(environ)
    environ.update(QUIET | dict(environ) | SILENCED)
