"""Metrics in Prometheus' text exposition format. Pure, but for the clock."""

import re
import time
from collections.abc import Mapping
from typing import Final

from whole_days.calendar import end_of

from ..run import Run, Runs

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


def as_text(runs: Runs, codes: Mapping[str, int], before: str) -> str:
    """The text exposition format: of each metric a sample per account.

    `codes` are the exit codes by account; `before` is the text of the load before.
    """
    found = {_labels(run): _values(run, runs, codes, before) for run in runs.each}
    lines: list[str] = []
    for name, meaning in HELP.items():
        metric = f"{PREFIX}{name}"
        samples = [
            f"{metric}{labels} {values[name]}"
            for labels, values in found.items()
            if values[name] is not None
        ]
        if samples:
            lines += [f"# HELP {metric} {meaning}", f"# TYPE {metric} gauge", *samples]
    return "\n".join([*lines, ""])


def _labels(run: Run) -> str:
    return f'{{account="{run.account}",report="{run.report}"}}'


def _values(
    run: Run, runs: Runs, codes: Mapping[str, int], before: str
) -> dict[str, float | str | None]:
    """The value of each metric. None: not known, and not written.

    What this load could not find out keeps its value if it is a time, since a time
    stays true.
    """
    code, labels = int(codes[run.account]), _labels(run)
    now, newest = round(time.time(), 3), run.newest_final
    final = end_of(newest).timestamp() if newest else None
    return {
        "exit_code": code,
        SUCCESS: _value(before, SUCCESS, labels) if code else now,
        "last_run_timestamp_seconds": now,
        "duration_seconds": round(runs.seconds, 3),
        FINAL: final if run.plan else _value(before, FINAL, labels),
        "day_lag": run.day_lag,
        "loaded_day_fetches": len(run.loaded),
        "failed_day_fetches": len(run.failed),
        "records": run.records,
        "api_calls": run.contact.sent,
        "api_retries": run.contact.retries,
    }


def accounts_of(text: str) -> list[str]:
    """The accounts of such a text, in its order."""
    return list(dict.fromkeys(re.findall('{account="([^"]+)"', text)))


def _value(text: str, name: str, labels: str) -> str | None:
    """The value of a metric in a text, as it stands there."""
    line = re.escape(f"{PREFIX}{name}{labels}") + r" ([0-9.]+)$"
    found = re.search(line, text, re.MULTILINE)
    return found[1] if found else None
