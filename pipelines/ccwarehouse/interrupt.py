"""Leaving at once on Ctrl-C or SIGTERM.

A load may be cut off anywhere: packages that are in stay in, and the next load finds
out what is missing. So nothing is wound down, which could take as long as a running
statement, and would keep a person waiting for tidiness that nobody needs.
"""

import os
import shutil
import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import FrameType
from typing import TypeVar

T = TypeVar("T")

INTERRUPTED = 130  # what shells make of a process that SIGINT ended
ATTEMPTS = 50


def run_interruptibly(
    work: Callable[[], T], farewell: Callable[[], None], folder: str
) -> T:
    """The result of `work`, or on a signal: `farewell`, and the end of the process.

    `folder` is the work's own and is removed then. The work runs in a thread of its
    own: Python handles signals in the main one, which must not be inside of a statement
    at that time, and dlt leaves the handlers alone.
    """
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    pool = ThreadPoolExecutor(1, thread_name_prefix="load")
    try:
        return pool.submit(work).result()
    except KeyboardInterrupt:
        farewell()
        _remove(folder)
        os._exit(INTERRUPTED)
    finally:
        pool.shutdown(wait=False)


def _remove(folder: str) -> None:
    """The folder goes, although the work may still be writing to it for a moment."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)
        if not os.path.exists(folder):
            return


def _as_ctrl_c(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
