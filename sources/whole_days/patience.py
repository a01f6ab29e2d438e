"""How long a day may wait, and what days in flight tell each other about waiting."""

import asyncio
import time

from .errors import DayError, TransientError


class Patience:
    """The seconds one day may lose to waiting and to calls that fail.

    `reason` is why the call was tried again, and what to say if that took too long.
    """

    def __init__(self, max_wait: float) -> None:
        self._max_wait = self._seconds = max_wait
        self.begin_call()

    def begin_call(self) -> None:
        """The time that a call takes counts from here."""
        self.call_began = time.monotonic()
        self.reason = "no whole reply came in time"

    def end_call(self, was_tried_again: bool) -> None:
        """A call that succeeded at once costs no patience."""
        if was_tried_again:
            self._seconds -= time.monotonic() - self.call_began

    def left(self) -> float:
        """Seconds."""
        return self._seconds - (time.monotonic() - self.call_began)

    def remark(self, retry_after: float) -> str:
        """What to add to a reason when the API asks for a longer wait than is left."""
        if retry_after <= max(self.left(), 0):
            return ""
        limit = f"max_wait = {self._max_wait:,g} s allows"
        return f"; the API asks to wait {retry_after:,.0f} s, longer than {limit}"


class Gate:
    """What the days in flight share: a pause after 429, and whether anyone answers."""

    def __init__(self) -> None:
        self._opens_at = 0.0
        self._closed_by = ""
        self._answered_at = 0.0
        self._gave_up: list[str] = []

    async def passed(self, patience: Patience) -> None:
        """Wait while it is closed. Raises `TransientError` if that takes too long."""
        # another 429 may move the opening while this one sleeps
        while (wait := self._opens_at - time.monotonic()) > 0:
            if wait > patience.left():
                raise TransientError(self._closed_by, retry_after=wait)
            await asyncio.sleep(wait)

    def close_for(self, seconds: float, reason: str) -> None:
        """No call of any day passes until then."""
        self._opens_at = max(self._opens_at, time.monotonic() + seconds)
        self._closed_by = reason

    def answered(self) -> None:
        """A call succeeded, so there is hope for the next ones."""
        self._answered_at = time.monotonic()
        self._gave_up.clear()

    def give_up(self, since: float, reason: str) -> None:
        """A day waited in vain, and no other had an answer meanwhile."""
        if self._answered_at < since:
            self._gave_up.append(reason)

    def require_hope(self) -> None:
        """Raises `DayError` when two days in a row waited in vain: the rest is skipped.

        A single one may have a fault of its own.
        """
        if len(self._gave_up) > 1:
            raise DayError(
                f"skipped after two days without a successful call: {self._gave_up[-1]}"
            )
