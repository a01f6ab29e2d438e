"""What dlt reads when it is imported, set right before that. Imports nothing large."""

from collections.abc import MutableMapping
from typing import Final

# dlt would tell others of this run, by itself or as another project has set it.
SILENCED: Final = {
    "RUNTIME__DLTHUB_TELEMETRY": "false",
    "RUNTIME__DLTHUB_DSN": "",
    "RUNTIME__SENTRY_DSN": "",
}
# It would log with tracebacks what ends in one line here; who wants that can have it.
QUIET: Final = {"RUNTIME__LOG_LEVEL": "CRITICAL"}
# Another naming of tables and columns, and another time zone for their timestamps.
FORGOTTEN: Final = (
    "DLT_DEFAULT_NAMING_MODULE",
    "DLT_DEFAULT_NAMING_NAMESPACE",
    "DLT_INTERVAL_TIMEZONE",
)


def prepare(environ: MutableMapping[str, str]) -> None:
    """Let no other project's variables decide how dlt runs here."""
    for name in FORGOTTEN:
        environ.pop(name, None)
    environ.update(QUIET | dict(environ) | SILENCED)
