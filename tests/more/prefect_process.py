"""Run the flow as a night and as a backfill, in a process with Prefect.

    .venv-prefect/bin/python prefect_process.py FOLDER FIRST LAST

FOLDER holds a copy of prefect_flow.py. The answer is a line of JSON: whether each run
completed. Prefect starts a server of its own for this.
"""

import json
import sys

from prefect.testing.utilities import prefect_test_harness

folder, first, last = sys.argv[1:]
sys.path.insert(0, folder)

from prefect_flow import claude_code_usage  # noqa: E402 - found in the folder

with prefect_test_harness(server_startup_timeout=180):
    states = [
        claude_code_usage(return_state=True),
        claude_code_usage(first, last, return_state=True),
    ]
    ended = [state.is_completed() for state in states]
    sys.stdout.write(json.dumps(ended) + "\n")
