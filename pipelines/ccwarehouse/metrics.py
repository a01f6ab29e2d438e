"""The newest load as Prometheus metrics, for node exporter's textfile collector."""

import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from whole_days.calendar import end_of

from .end import End
from .exit_codes import ExitCode
from .export.errors import ExportError
from .export.sinks import file_sink
from .run import Run
from .warehouses import ImpossibleNameError

PREFIX: Final = "ccwarehouse_load_"
SUCCESS: Final = "last_success_timestamp_seconds"
FINAL: Final = "newest_final_day_end_timestamp_seconds"
# All are gauges, also the counts, because they are of one load. "days" is in no name,
# because Prometheus' rules take it for a unit of time.
HELP: Final = {
    "exit_code": "Exit code of the newest load, 0 when it succeeded.",
    SUCCESS: "When a load last ended with exit code 0.",
    "last_run_timestamp_seconds": "When the newest load ended.",
    "duration_seconds": "How long the newest load ran.",
    FINAL: "End of the newest UTC day that is final and whole.",
    "day_lag": "Complete UTC days after the newest one that is final and whole.",
    "loaded_day_fetches": "UTC days that the newest load loaded.",
    "failed_day_fetches": "UTC days that failed in the newest load.",
    "records": "Records in the days that the newest load loaded.",
    "api_calls": "Calls of the newest load to the API, with all retries.",
    "api_retries": "Calls of the newest load that repeated a failed one.",
}

NO_FILE: Final = "--metrics names {file}, which is no file. Name a file."
TAKEN: Final = "--metrics and {option} name the same file, {file}. Name another file."
OTHERS: Final = (
    "--metrics would replace {file}, which holds no metrics of a load. Name another "
    "file."
)
UNWRITABLE: Final = "--metrics names {file}, which cannot be written: {reason}. {fix}"
FIX: Final = "Create its folder, let this user write there, or name another file."


def require_metrics_file(file: Path, others: Mapping[str, Path | None]) -> None:
    """Raise `ImpossibleNameError` where metrics cannot be put, or must not.

    `others` are the files of other options, by option.
    """
    target = file.resolve()
    for option, other in others.items():
        if other and other.resolve() == target:
            raise ImpossibleNameError(TAKEN.format(option=option, file=file))
    if target.exists() and not target.is_file():
        raise ImpossibleNameError(NO_FILE.format(file=file))
    try:
        _try_to_write(target)
        before = target.read_bytes() if target.exists() else b""
    except OSError as error:
        line = UNWRITABLE.format(file=file, reason=error.strerror, fix=FIX)
        raise ImpossibleNameError(line) from None
    if before and not before.startswith(f"# HELP {PREFIX}".encode()):
        raise ImpossibleNameError(OTHERS.format(file=file))


def _try_to_write(target: Path) -> None:
    """Create a file beside the target, as the end of the load will."""
    trial = target.with_name(f"{target.name}.{os.getpid()}")
    trial.touch()
    trial.unlink()


def write_metrics(file: Path, run: Run, remark: Callable[[str], None], end: End) -> End:
    """Replace the file atomically; returns the end of the command.

    If that fails, the old file stays, `remark` is told, and 0 becomes 5. Where the
    settings could not be read, the account is that of the file before.
    """
    try:
        before = file.read_text() if file.exists() else ""
        account = run.account or _account(before)
        if account is None:
            return end
        text = as_text(run, account, end.code, before)
        with file_sink(file) as sink:
            sink.write(text.encode())
    except (ExportError, OSError, ValueError) as error:
        line = f"The load is over, but {error}"
        remark(line)
        code = end.code or ExitCode.WAREHOUSE
        return End(code, end.error or line, end.facts, end.lines)
    return end


def as_text(run: Run, account: str, code: int, before: str) -> str:
    """The text exposition format; `before` is the text of the load before."""
    labels = f'{{account="{account}",report="{run.report}"}}'
    lines: list[str] = []
    for name, value in _values(run, code, before, labels).items():
        if value is not None:
            metric = f"{PREFIX}{name}"
            lines += [f"# HELP {metric} {HELP[name]}", f"# TYPE {metric} gauge"]
            lines.append(f"{metric}{labels} {value}")
    return "\n".join([*lines, ""])


def _values(
    run: Run, code: int, before: str, labels: str
) -> dict[str, float | str | None]:
    """The value of each metric. None: not known, and not written.

    What this load could not find out keeps its value if it is a time, since a time
    stays true.
    """
    now, newest = round(time.time(), 3), run.newest_final
    final = end_of(newest).timestamp() if newest else None
    return {
        "exit_code": int(code),
        SUCCESS: _value(before, SUCCESS, labels) if code else now,
        "last_run_timestamp_seconds": now,
        "duration_seconds": round(run.seconds, 3),
        FINAL: final if run.plan else _value(before, FINAL, labels),
        "day_lag": run.day_lag,
        "loaded_day_fetches": len(run.loaded),
        "failed_day_fetches": len(run.failed),
        "records": run.records,
        "api_calls": run.contact.sent,
        "api_retries": run.contact.retries,
    }


def _account(text: str) -> str | None:
    found = re.search('{account="([^"]+)"', text)
    return found[1] if found else None


def _value(text: str, name: str, labels: str) -> str | None:
    """The value of a metric in a text, as it stands there."""
    line = re.escape(f"{PREFIX}{name}{labels}") + r" ([0-9.]+)$"
    found = re.search(line, text, re.MULTILINE)
    return found[1] if found else None
