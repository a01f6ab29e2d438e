"""Load Claude Code usage every night, with Airflow 3.

ccwarehouse has an environment of its own on each worker, because Airflow and dlt need
other versions of the same libraries. It reads its settings and the key from FOLDER/.dlt
or from the worker's environment.
"""

from datetime import timedelta

import pendulum
from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import DAG, BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

COMMAND = "/opt/ccwarehouse/bin/ccwarehouse"
FOLDER = "/var/lib/ccwarehouse"
# No retry fixes a bug (1), wrong usage (2) or a wrong key (3).
FOR_A_PERSON = (1, 2, 3)


class CcwarehouseLoad(BaseOperator):
    """Run `ccwarehouse load`, and let its exit code decide about a retry."""

    def execute(self, context):
        self.hook = SubprocessHook()
        done = self.hook.run_command([COMMAND, "load", "--quiet"], cwd=FOLDER)
        message = f"ccwarehouse ended with {done.exit_code}: {done.output}"
        if done.exit_code in FOR_A_PERSON:
            raise AirflowFailException(message)
        if done.exit_code:
            raise AirflowException(message)

    def on_kill(self):
        """Committed days stay; the next load continues from there."""
        self.hook.send_sigterm()


with DAG(
    "claude_code_usage",
    # The API's days are UTC days, complete at 01:30 of the next one.
    schedule="0 2 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    # A load finds the days of missed nights by itself.
    catchup=False,
    max_active_runs=1,
):
    CcwarehouseLoad(
        task_id="load",
        retries=3,
        retry_delay=timedelta(minutes=15),
        execution_timeout=timedelta(hours=6),
    )
