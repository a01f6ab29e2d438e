"""Write the metrics when a load ends, however it ends."""

from collections.abc import Callable
from pathlib import Path

from ..end import End
from ..exit_codes import ExitCode
from ..export.errors import ExportError
from ..export.sinks import file_sink
from ..run import Run
from .text import account_of, as_text


def write_metrics(file: Path, run: Run, remark: Callable[[str], None], end: End) -> End:
    """Replace the file atomically; returns the end of the command.

    If that fails, the old file stays, `remark` is told, and 0 becomes 5. Where the
    settings could not be read, the account is that of the file before.
    """
    try:
        _replace(file, run, end.code)
    except (ExportError, OSError, ValueError) as error:
        line = f"The load is over, but {error}"
        remark(line)
        code = end.code or ExitCode.WAREHOUSE
        return End(code, end.error or line, end.facts, end.lines)
    return end


def _replace(file: Path, run: Run, code: int) -> None:
    before = file.read_text() if file.exists() else ""
    if account := run.account or account_of(before):
        text = as_text(run, account, code, before)
        with file_sink(file) as sink:
            sink.write(text.encode())
