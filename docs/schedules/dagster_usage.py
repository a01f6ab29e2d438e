"""Load Claude Code usage every night, with Dagster: an asset with a partition a day.

A partition, or a range of them, is a backfill of exactly these days. The nightly job
loads the days that are missing, failed or recent, as `ccwarehouse load` does. It notes
each of them as a materialisation of its partition.

ccwarehouse has an environment of its own. It reads its settings and the key from
FOLDER/.dlt or from the environment of the run.
"""

import json
import subprocess

import dagster as dg

COMMAND = "/opt/ccwarehouse/bin/ccwarehouse"
FOLDER = "/var/lib/ccwarehouse"
# No retry fixes a bug (1), wrong usage (2) or a wrong key (3).
FOR_A_PERSON = (1, 2, 3)

AGAIN = dg.RetryPolicy(max_retries=3, delay=15 * 60)
DAYS = dg.DailyPartitionsDefinition("2026-01-01", timezone="UTC")


def load(context, *words):
    """The events of the days loaded; raises if a day failed."""
    done = subprocess.run(
        [COMMAND, "load", "--log-format", "json", *words],
        cwd=FOLDER,
        stderr=subprocess.PIPE,
        text=True,
    )
    context.log.info(done.stderr)
    events = [json.loads(line) for line in done.stderr.splitlines() if line[:1] == "{"]
    yield from (event for event in events if event["event"] == "day_loaded")
    if done.returncode:
        raise dg.Failure(
            events[-1]["error"] if events else done.stderr,
            metadata={"exit_code": done.returncode},
            allow_retries=done.returncode not in FOR_A_PERSON,
        )


@dg.asset(
    partitions_def=DAYS,
    backfill_policy=dg.BackfillPolicy.single_run(),
    retry_policy=AGAIN,
)
def claude_code_usage(context: dg.AssetExecutionContext) -> None:
    """All records of these UTC days."""
    days = context.partition_key_range
    records = load(context, "--start", days.start, "--end", days.end)
    context.add_output_metadata({"records": sum(day["records"] for day in records)})


@dg.op(retry_policy=AGAIN)
def load_usage(context: dg.OpExecutionContext) -> None:
    """What a night loads, also the days of missed nights and of failed ones."""
    for day in load(context):
        context.log_event(
            dg.AssetMaterialization(
                claude_code_usage.key,
                partition=day["day"],
                metadata={"records": day["records"], "is_final": day["is_final"]},
            )
        )


@dg.job
def nightly_load():
    load_usage()


definitions = dg.Definitions(
    assets=[claude_code_usage],
    jobs=[nightly_load],
    # The API's days are UTC days, complete at 01:30 of the next one.
    schedules=[
        dg.ScheduleDefinition(
            job=nightly_load, cron_schedule="0 2 * * *", execution_timezone="UTC"
        )
    ],
)
