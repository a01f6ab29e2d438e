"""Materialise partitions, then run the nightly job, in a process with Dagster.

    .venv-dagster/bin/python dagster_process.py FOLDER DAY FIRST LAST

FOLDER holds a copy of dagster_usage.py. The answer is a line of JSON: whether each of
the three runs succeeded, how often the last one was tried, and the materialised days.
"""

import json
import sys

import dagster as dg

folder, day, first, last = sys.argv[1:]
sys.path.insert(0, folder)

import dagster_usage as usage  # noqa: E402 - found in the folder

RANGE = {
    "dagster/asset_partition_range_start": first,
    "dagster/asset_partition_range_end": last,
}

with dg.DagsterInstance.local_temp() as instance:
    jobs = usage.definitions
    of_assets = jobs.resolve_implicit_global_asset_job_def()
    given = {"instance": instance, "raise_on_error": False}
    runs = [
        of_assets.execute_in_process(partition_key=day, **given),
        of_assets.execute_in_process(tags=RANGE, **given),
        usage.nightly_load.execute_in_process(**given),
    ]
    tries = 1 + sum(event.is_step_restarted for event in runs[-1].all_events)
    days = instance.get_materialized_partitions(usage.claude_code_usage.key)
    told = {
        "ended": [run.success for run in runs],
        "tries": tries,
        "days": sorted(days),
    }
    sys.stdout.write(json.dumps(told) + "\n")
