"""Write the metrics when a load ends, however it ends."""

from collections.abc import Callable
from pathlib import Path

from ..end import End
from ..exit_codes import ExitCode
from ..export.errors import ExportError
from ..export.sinks import file_sink
from ..run import Runs
from .text import accounts_of, as_text


def write_metrics(
    file: Path, runs: Runs, remark: Callable[[str], None], end: End
) -> End:
    """Replace the file atomically; returns the end of the command.

    If that fails, the old file stays, `remark` is told, and 0 becomes 5. Where the
    settings could not be read, the accounts are those of the file before.
    """
    try:
        _replace(file, runs, end)
    except (ExportError, OSError, ValueError) as error:
        line = f"The load is over, but {error}"
        remark(line)
        code = end.code or ExitCode.WAREHOUSE
        return End(code, end.error or line, end.facts, end.lines)
    return end


def _replace(file: Path, runs: Runs, end: End) -> None:
    before = file.read_text() if file.exists() else ""
    for account in () if runs.each else accounts_of(before):
        runs.add(account)
    if runs.each:
        text = as_text(runs, _codes(runs, end), before)
        with file_sink(file) as sink:
            sink.write(text.encode())


def _codes(runs: Runs, end: End) -> dict[str, int]:
    """The exit code by account: its own, or that of what ended the load of all."""
    codes = {run.account: end.code for run in runs.each}
    if not end.facts.get("faults"):  # a refused file is the fault of no account
        for account in end.facts.get("accounts", ()):
            codes[account["account"]] = account["exit_code"]
    return codes
