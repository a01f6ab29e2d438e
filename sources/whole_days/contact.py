"""Whether the API answers: told by the calls, asked by whoever watches them."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import DayError, TransientError


class Contact:
    """How long calls have waited for an answer; `reason` is why the last try failed.

    `clock` gives seconds. One thread makes the calls, others may ask.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.reason = ""
        self._clock = clock
        self._calls = 0
        self._since = 0.0
        self._is_lost = False

    def silence(self) -> float:
        """Seconds since the last answer while calls wait, 0 while none does.

        Another try of the same call is no answer, so a service that says it is
        overloaded is silent, too.
        """
        return self._clock() - self._since if self._calls else 0

    @contextmanager
    def call(self) -> Iterator[None]:
        """A call within this waits for its page, through all its tries."""
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
