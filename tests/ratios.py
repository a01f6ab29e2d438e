"""Ratios as tests compare them: views round to six places."""

from math import isclose


class Ratio(float):
    """A double that equals others that are rounded to the same six places."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, float) and isclose(self, other, abs_tol=6e-7)

    def __hash__(self) -> int:
        return 0  # equal ratios need the same hash
