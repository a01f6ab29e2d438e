"""Packages that a process imports before it forks, as that takes seconds."""

import importlib
import sys
import threading

# Nothing that starts a thread, like DuckDB: a fork would not have that thread.
NEEDED = (
    "anyio._backends._asyncio",
    "click",
    "dlt.common.libs.pyarrow",
    "dlt.load.load",
    "dlt.normalize.normalize",
    "dlt.pipeline.pipeline",
    "httpx",
    "pandas",
    "pyarrow.parquet",
    "requests",
    "rich.traceback",
    "simplejson",
    "sqlglot.dialects.duckdb",
    "tenacity",
    "truststore",
)
OURS = ("ccwarehouse", "claude_code_", "whole_days")


def import_needed() -> None:
    """Import them. Each fork imports our own code."""
    for name in NEEDED:
        importlib.import_module(name)
    assert not [name for name in sys.modules if name.startswith(OURS)]
    assert 1 == threading.active_count()  # a fork has no other threads
