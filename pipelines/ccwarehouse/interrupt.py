"""Leaving at once on Ctrl-C, SIGTERM or SIGHUP.

A load may be cut off anywhere: committed packages stay, and the next load finds out
what is missing. So the process ends without cleaning up. A clean shutdown would have to
wait for the running statement.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from .exit_codes import ExitCode

T = TypeVar("T")

ATTEMPTS = 50
SIGNALS = ("SIGTERM", "SIGHUP")  # Windows knows no SIGHUP


@contextmanager
def signals_as_ctrl_c() -> Iterator[None]:
    """SIGTERM, and SIGHUP from a closed terminal, interrupt like Ctrl-C.

    A signal that the parent process set to be ignored, like nohup and shells do, stays
    ignored. Python does the same for SIGINT.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    as_ctrl_c = _once()
    before = {
        number: signal.signal(number, as_ctrl_c)
        for number in _numbers()
        if signal.getsignal(number) not in (signal.SIG_IGN, None)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_interruptibly(
    work: Callable[[], T], farewell: Callable[[], None], folder: str
) -> T:
    """The result of `work`. On Ctrl-C: call `farewell` and end the process.

    `folder` is the work's own folder, which Ctrl-C removes. The work runs in its own
    thread, for two reasons. Python handles signals in the main thread, which must not
    be inside a statement then. dlt replaces signal handlers in the main thread only.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="load")
    try:
        future = pool.submit(work)
        # The kernel may give a signal to another thread. Then nothing wakes this one,
        # and it finds the signal when it wakes by itself.
        while not wait([future], timeout=1).done:
            pass
        return future.result()
    except KeyboardInterrupt:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        farewell()
        _remove(folder)
        os._exit(ExitCode.INTERRUPTED)
    finally:
        pool.shutdown(wait=False)


def _numbers() -> list[int]:
    return [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]


def _once() -> Callable[[int, FrameType | None], None]:
    """A handler that interrupts once.

    The kernel and the shell both send SIGHUP when a terminal closes. The second signal
    must not interrupt the handling of the first.
    """
    heard: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:
            raise KeyboardInterrupt

    return interrupt


def _remove(folder: str) -> None:
    """Remove the folder; try again while the work still writes to it."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)
        if not os.path.exists(folder):
            return
