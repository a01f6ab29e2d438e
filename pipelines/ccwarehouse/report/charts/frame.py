"""Where things are: slots from left to right, values from the bottom up."""

from dataclasses import dataclass
from typing import Final

from .element import number
from .scale import Scale

ABOVE: Final = 16  # pixels for a word or a sign above the highest value
BELOW: Final = 24  # for the texts of the axis


@dataclass(frozen=True)
class Frame:
    """The plot of a chart; without a `width` in pixels all x are in per cent."""

    slots: int
    scale: Scale
    height: int
    width: float | None = None

    def x(self, slot: float) -> str:
        """The middle of a slot, counted from 0."""
        return self._across((slot + 0.5) / self.slots)

    def left(self, slot: float, share: float = 1) -> str:
        """Where a bar begins that takes this share of a slot."""
        return self._across((slot + (1 - share) / 2) / self.slots)

    def wide(self, slots: float) -> str:
        """The width of so many slots."""
        return self._across(slots / self.slots)

    @property
    def floor(self) -> int:
        """Where 0 is, from the top."""
        return self.height - BELOW

    def y(self, value: float) -> float:
        """Where a value is, in pixels from the top."""
        return self.floor - self.scale.share(value) * (self.floor - ABOVE)

    @property
    def end(self) -> str:
        """The right edge."""
        return self._across(1)

    def _across(self, share: float) -> str:
        if self.width is None:
            return f"{number(100 * share)}%"
        return number(self.width * share)
