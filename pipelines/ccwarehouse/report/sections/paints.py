"""The colours of models, the same every month."""

import re
from collections.abc import Sequence
from typing import Final

FAMILIES: Final = ("opus", "sonnet", "haiku")
SHADES: Final = 3


def paints(models: Sequence[str]) -> dict[str, str]:
    """A colour for each model by its family, the same whichever others there are.

    Of a family the newest version has the first shade.
    """
    found: dict[str, str] = {}
    for family in (*FAMILIES, "model"):
        of_family = [name for name in models if _family(name) == family]
        newest_first = sorted(of_family, key=_version, reverse=True)
        for place, name in enumerate(newest_first):
            found[name] = f"{family}-{min(place, SHADES - 1) + 1}"
    return found


def _family(model: str) -> str:
    return next((name for name in FAMILIES if name in model), "model")


def _version(model: str) -> tuple[list[int], str]:
    return [int(digits) for digits in re.findall(r"[0-9]{1,4}(?![0-9])", model)], model
