"""The days off of a week, from the setting `weekend`: names such as `fri,sat`."""

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Any, Final

from dlt.common.configuration.exceptions import ConfigurationException

from .faults import shown
from .input_file import InputFile, hash_of_rows
from .tables import WEEKEND_DAYS

NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
USUAL: Final = {"sat", "sun"}  # what stg_weekend says before one is stored

# A working day is unusual among ten of them in four weeks, so a week needs three.
MOST: Final = 4

HOW: Final = (
    f"Write the days off with commas between them, as in fri,sat; the names are "
    f"{', '.join(NAMES[:-1])} and {NAMES[-1]}."
)


class WeekendError(ConfigurationException):
    """`weekend` does not name days that can be a weekend."""


@dataclass(frozen=True)
class DayOff:
    """A weekday off in ISO's numbers: 1 for a Monday, 7 for a Sunday."""

    weekday: int

    def as_row(self) -> dict[str, Any]:
        """The columns of `weekend_days`."""
        return asdict(self)


def weekend_of(setting: object) -> InputFile:
    """The weekend, to be stored like a file. Raises `WeekendError`."""
    names = _names(setting)
    rows = [
        DayOff(number) for number, name in enumerate(NAMES, start=1) if name in names
    ]
    return InputFile(
        "weekend",
        "weekend",
        WEEKEND_DAYS,
        hash_of_rows(rows),
        rows,
        is_usual={*names} == USUAL,
    )


def _names(setting: object) -> list[str]:
    if not isinstance(setting, str):
        raise WeekendError(f"weekend is no text. {HOW}")
    if not setting.strip():
        raise WeekendError(
            f"weekend is empty. {HOW} Leave it out to keep the stored one."
        )
    names = [name.strip() for name in setting.split(",")]
    for name, times in Counter(names).items():
        if name not in NAMES:
            raise WeekendError(f"weekend names {shown(name)}. {HOW}")
        if times > 1:
            raise WeekendError(f"weekend names {name} twice. Name each day once.")
    if len(names) > MOST:
        raise WeekendError(
            f"weekend names {len(names)} days, which leaves too few working days to "
            f"compare. Name at most {MOST}."
        )
    return names
