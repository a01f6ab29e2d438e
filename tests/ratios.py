"""Ratios as tests compare them: engines round the seventh place differently."""

from math import isclose


class Ratio(float):
    """A double that equals others within one unit of the 6th place."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and isclose(self, other, abs_tol=1.5e-6)

    def __hash__(self) -> int:
        return 0  # equal ratios need the same hash
