"""Waiting until another program releases the warehouse."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import tenacity

from .errors import WarehouseInUseError

T = TypeVar("T")

POLL: Final = 0.5  # seconds
WAITING: Final = "{said} Waiting up to {seconds} seconds for it (--wait)."


@dataclass(frozen=True)
class Patience:
    """How many seconds to wait for another program; `tell` gets one line about it."""

    seconds: int = 0
    tell: Callable[[str], None] = lambda _: None


IMPATIENT: Final = Patience()


def in_use(error: BaseException | None) -> str | None:
    """The message that names the holder of a dataset; None for other errors."""
    return str(error) if isinstance(error, WarehouseInUseError) else None


def patiently(
    take: Callable[[], T],
    patience: Patience,
    holder: Callable[[BaseException | None], str | None] = in_use,
) -> T:
    """The result of `take` as soon as no other program holds the warehouse.

    `holder` reads from an error who holds it; for other errors it returns None. Raises
    the last error of `take`: when the time is up, or at once if `holder` returns None.
    """

    def tell(state: tenacity.RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome:
            said = holder(state.outcome.exception())
            patience.tell(WAITING.format(said=said, seconds=patience.seconds))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(lambda error: holder(error) is not None),
        stop=tenacity.stop_after_delay(patience.seconds),
        wait=tenacity.wait_fixed(POLL),
        before_sleep=tell,
        reraise=True,
    )(take)
