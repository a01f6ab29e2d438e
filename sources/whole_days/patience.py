"""How long a day may wait, and what the days in flight share about waiting."""

import asyncio
import time

from .errors import DayError, TransientError


class Patience:
    """The seconds one day may spend on waiting and on calls that fail.

    `reason` is why the last try failed. It is the day's error if patience runs out.
    """

    def __init__(self, max_wait: float) -> None:
        self._max_wait = self._seconds = max_wait
        self.begin_call()

    def begin_call(self) -> None:
        """Start the time of a call."""
        self.call_began = time.monotonic()
        self.reason = "no complete reply came in time"

    def end_call(self, was_tried_again: bool) -> None:
        """A call that succeeded at once costs no patience."""
        if was_tried_again:
            self._seconds -= time.monotonic() - self.call_began

    def left(self) -> float:
        """Seconds left."""
        return self._seconds - (time.monotonic() - self.call_began)

    def remark(self, retry_after: float) -> str:
        """What to add to the reason if the API asks for a longer wait than is left."""
        if retry_after <= max(self.left(), 0):
            return ""
        limit = f"max_wait = {self._max_wait:,g} s allows"
        return f"; the API asks to wait {retry_after:,.0f} s, longer than {limit}"


class Gate:
    """Shared by the days in flight: a pause after 429, and whether calls succeed."""

    def __init__(self) -> None:
        self._opens_at = 0.0
        self._closed_by = ""
        self._answered_at = 0.0
        self._gave_up: list[str] = []

    async def passed(self, patience: Patience) -> None:
        """Wait until the pause ends. Raises `TransientError` if that takes too long."""
        # another 429 may prolong the pause while this day sleeps
        while (wait := self._opens_at - time.monotonic()) > 0:
            if wait > patience.left():
                raise TransientError(self._closed_by, retry_after=wait)
            await asyncio.sleep(wait)

    def close_for(self, seconds: float, reason: str) -> None:
        """Pause the calls of all days for some seconds."""
        self._opens_at = max(self._opens_at, time.monotonic() + seconds)
        self._closed_by = reason

    def answered(self) -> None:
        """A call succeeded, so the next ones may too."""
        self._answered_at = time.monotonic()
        self._gave_up.clear()

    def give_up(self, since: float, reason: str) -> None:
        """A day failed after waiting; it counts if no call succeeded since `since`."""
        if self._answered_at < since:
            self._gave_up.append(reason)

    def require_hope(self) -> None:
        """Raises `DayError` after two days without a successful call: skip the rest.

        After one day the run goes on, because the fault may be that day's own.
        """
        if len(self._gave_up) > 1:
            raise DayError(
                f"skipped after two days without a successful call: {self._gave_up[-1]}"
            )
