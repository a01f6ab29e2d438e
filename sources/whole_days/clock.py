"""The time by the API's clock, taken from its replies."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from .calendar import CLOCK_TOLERANCE
from .errors import ClockError

LIMIT: Final = timedelta(days=1)

SET_IT: Final = "Set it, best by NTP"


def utc_now() -> datetime:
    """This machine's time in UTC, in any time zone."""
    return datetime.now(UTC)


class ApiClock:
    """This machine's clock, corrected by the API's.

    A call returns the time (UTC): this machine's, or the API's if the two differ by
    more than `CLOCK_TOLERANCE`. `ahead` is how far this machine's clock was ahead at
    the last reply, None before the first reply.
    """

    def __init__(self, machine: Callable[[], datetime]) -> None:
        self.machine = machine
        self.ahead: timedelta | None = None

    @classmethod
    def of(cls, clock: Callable[[], datetime]) -> "ApiClock":
        """The clock itself if it already is one, so that it keeps its correction."""
        return clock if isinstance(clock, cls) else cls(clock)

    def __call__(self) -> datetime:
        return self.corrected(self.machine())

    @property
    def error(self) -> timedelta:
        """How far this machine's clock is ahead; 0 within `CLOCK_TOLERANCE`."""
        ahead = self.ahead or timedelta()
        return ahead if abs(ahead) > CLOCK_TOLERANCE else timedelta()

    def hear(self, moment: datetime) -> None:
        """Compare the clocks; `moment` is when the API sent a reply just now."""
        self.ahead = self.machine() - moment

    def corrected(self, moment: datetime) -> datetime:
        """A time of this machine's clock, converted to the API's."""
        return moment - self.error

    def require_day(self) -> None:
        """Raise `ClockError` when the clock is off by more than a day."""
        if abs(self.error) > LIMIT:
            raise ClockError(f"{off(self.error)}. {SET_IT}, then run it again.")


def off(ahead: timedelta) -> str:
    """How far off this machine's clock is, as the beginning of a sentence."""
    side = "ahead of" if ahead > timedelta() else "behind"
    distance = abs(ahead)
    far = f"{distance / timedelta(minutes=1):,.0f} minutes"
    if distance > LIMIT:
        far = f"{distance / timedelta(days=1):,.1f} days"
    return f"This machine's clock is {far} {side} the API's"
