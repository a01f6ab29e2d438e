"""Leaving at once on Ctrl-C, SIGTERM or SIGHUP.

A load may be cut off anywhere: packages that are in stay in, and the next load finds
out what is missing. So nothing is wound down, which could take as long as a running
statement, and would keep a person waiting for tidiness that nobody needs.
"""

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from .exit_codes import ExitCode

T = TypeVar("T")

ATTEMPTS = 50
SIGNALS = ("SIGTERM", "SIGHUP")  # Windows knows no SIGHUP


@contextmanager
def signals_as_ctrl_c() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a terminal that is closed, interrupt as Ctrl-C does.

    A signal that whoever started the process has made it ignore, as nohup and shells
    do, stays ignored: SIGINT, too, which Python then leaves alone.
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
    """The result of `work`, or on Ctrl-C: `farewell`, and the end of the process.

    `folder` is the work's own and is removed then. The work runs in a thread of its
    own: Python handles signals in the main one, which must not be inside of a statement
    at that time, and dlt leaves the handlers alone.
    """
    pool = ThreadPoolExecutor(1, thread_name_prefix="load")
    try:
        return pool.submit(work).result()
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

    The kernel and the shell both tell that a terminal is closed; the second signal must
    not interrupt how the first one is dealt with.
    """
    heard: list[int] = []

    def interrupt(number: int, _frame: FrameType | None) -> None:
        heard.append(number)
        if len(heard) == 1:
            raise KeyboardInterrupt

    return interrupt


def _remove(folder: str) -> None:
    """The folder goes, although the work may still be writing to it for a moment."""
    for _ in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.02)
        if not os.path.exists(folder):
            return
