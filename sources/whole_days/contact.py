"""Whether the API answers. Calls report to it; progress and metrics read it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import DayError, TransientError


class Contact:
    """How long calls have waited for an answer; `reason` is why the last try failed.

    `sent` counts the requests, `retries` those among them that repeat a failed one.
    `clock` returns seconds. One thread makes the calls, other threads may read.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.reason = ""
        self.sent = 0
        self.retries = 0
        self._clock = clock
        self._calls = 0
        self._since = 0.0
        self._is_lost = False

    def silence(self) -> float:
        """Seconds since the last answer while calls wait, 0 while no call does.

        A reply that makes a call retry is not an answer. So an overloaded service
        counts as silent.
        """
        return self._clock() - self._since if self._calls else 0

    @contextmanager
    def call(self) -> Iterator[None]:
        """Wrap a call with all its retries in this."""
        if not (self._calls or self._is_lost):
            self._since = self._clock()
        self._calls += 1
        try:
            yield
            self._answered()
        except TransientError:
            self._is_lost = True
            raise
        except DayError:
            self._answered()
            raise
        finally:
            self._calls -= 1

    def _answered(self) -> None:
        self._since, self._is_lost, self.reason = self._clock(), False, ""
