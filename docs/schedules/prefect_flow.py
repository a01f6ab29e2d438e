"""Load Claude Code usage every night, with Prefect 3.

`python prefect_flow.py` serves the flow and starts it at its time. ccwarehouse has an
environment of its own. It reads its settings and the key from FOLDER/.dlt or from the
environment of the flow.
"""

import subprocess

from prefect import flow, get_run_logger, task
from prefect.schedules import Cron

COMMAND = "/opt/ccwarehouse/bin/ccwarehouse"
FOLDER = "/var/lib/ccwarehouse"
# No retry fixes a bug (1), wrong usage (2) or a wrong key (3).
FOR_A_PERSON = (1, 2, 3)


class LoadError(RuntimeError):
    """A load that did not end with 0."""

    def __init__(self, code, said):
        super().__init__(f"ccwarehouse ended with {code}: {said}")
        self.code = code


async def is_worth_a_retry(task, run, state):
    """Whether the same command may succeed later."""
    error = await state.aresult(raise_on_failure=False)
    return getattr(error, "code", None) not in FOR_A_PERSON


@task(retries=3, retry_delay_seconds=15 * 60, retry_condition_fn=is_worth_a_retry)
def load(*words: str):
    done = subprocess.run(
        [COMMAND, "load", "--quiet", *words],
        cwd=FOLDER,
        capture_output=True,
        text=True,
    )
    if done.stderr:
        get_run_logger().warning(done.stderr)
    if done.returncode:
        raise LoadError(done.returncode, done.stderr)


@flow
def claude_code_usage(start: str | None = None, end: str | None = None):
    """What a night loads; with days a backfill of exactly these."""
    given = {"--start": start, "--end": end}
    load(*(f"{option}={day}" for option, day in given.items() if day))


if __name__ == "__main__":
    # The API's days are UTC days, complete at 01:30 of the next one.
    nightly = Cron("0 2 * * *", timezone="UTC")
    claude_code_usage.serve(name="nightly", schedule=nightly, limit=1)
