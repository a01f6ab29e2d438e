"""From values to heights, and the round values that a scale shows."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import floor, log10
from typing import Final, NamedTuple

STEPS: Final = (1, 2, 2.5, 5, 10)
MOST_TICKS: Final = 4  # beside 0


class Tick(NamedTuple):
    """A text beside a value of a scale, or below a slot; on phones minor ones go."""

    at: float
    text: str
    is_minor: bool = False


@dataclass(frozen=True)
class Scale:
    """A scale from 0 to `top`."""

    top: float
    ticks: tuple[Tick, ...]

    def share(self, value: float) -> float:
        """How far up a value is, 0 to 1; below 0 and above the top it is cut."""
        return min(max(value / self.top, 0), 1)

    @classmethod
    def of(
        cls,
        most: float | Decimal,
        say: Callable[[Decimal], str],
        *,
        is_whole: bool = False,
    ) -> "Scale":
        """A scale with room for `most`, which begins at 0 and ends at a round value."""
        step = step_of(float(most), is_whole=is_whole)
        count = max(1, -int(-float(most) // step))
        values = [round(step * number, 9) for number in range(count + 1)]
        ticks = (Tick(value, say(Decimal(str(value)).normalize())) for value in values)
        return cls(values[-1], tuple(ticks))

    @classmethod
    def of_shares(cls) -> "Scale":
        """0 to 100 per cent, whatever the values."""
        return cls(1, tuple(Tick(share, f"{share:.0%}") for share in (0, 0.5, 1)))


def step_of(most: float, *, is_whole: bool = False) -> float:
    """The least round step of which at most four reach `most`."""
    if most <= 0:
        return 1
    size = 10.0 ** (floor(log10(most)) - 1)
    steps = (step * size * ten for ten in (1, 10) for step in STEPS)
    return next(
        step
        for step in steps
        if step * MOST_TICKS >= most and (not is_whole or step == int(step))
    )
