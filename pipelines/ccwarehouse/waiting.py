"""Waiting for another program to let go of the warehouse."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, TypeVar

import duckdb
import tenacity

T = TypeVar("T")

POLL: Final = 0.5  # seconds
OF_DUCKDB: Final = re.compile(r"held in (.+ \(PID \d+\)(?: by user [^.]+)?)")
WAITING: Final = "{said} Waiting up to {seconds} seconds for it (--wait)."


class WarehouseInUseError(RuntimeError):
    """Another load writes to a server's dataset; the message says whose."""


@dataclass(frozen=True)
class Patience:
    """How many seconds to wait for another program, and who is told, once, of whom."""

    seconds: int = 0
    tell: Callable[[str], None] = lambda _: None


IMPATIENT: Final = Patience()


def patiently(take: Callable[[], T], patience: Patience) -> T:
    """What `take` gives as soon as nobody else holds the warehouse.

    Raises what `take` raised last, when the time is up or for another reason.
    """

    def tell(state: tenacity.RetryCallState) -> None:
        if state.attempt_number == 1 and state.outcome:
            said = _told(state.outcome.exception())
            patience.tell(WAITING.format(said=said, seconds=patience.seconds))

    return tenacity.Retrying(
        retry=tenacity.retry_if_exception(_is_in_use),
        stop=tenacity.stop_after_delay(patience.seconds),
        wait=tenacity.wait_fixed(POLL),
        before_sleep=tell,
        reraise=True,
    )(take)


def _is_in_use(error: BaseException) -> bool:
    if isinstance(error, duckdb.IOException):
        return "Could not set lock" in str(error)
    return isinstance(error, WarehouseInUseError)


def _told(error: BaseException | None) -> str:
    """Who holds it: DuckDB names program and process, a server user and process."""
    holder = OF_DUCKDB.search(str(error))
    return f"{holder[1]} has it open." if holder else str(error)
