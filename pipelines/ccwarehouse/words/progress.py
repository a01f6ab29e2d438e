"""The progress of a load: a bar on a terminal, plain lines elsewhere, or nothing."""

import threading
import time
from collections.abc import Callable
from functools import cached_property, partial
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.progress import Progress as Bars

from whole_days.contact import Contact
from whole_days.package import Package
from whole_days.report import DayFetch

SILENCE: Final = 10  # seconds without an answer before a message
LISTENING: Final = 1.0  # seconds between two checks


class Silence:
    """Prints nothing; counts committed and failed days."""

    def __init__(self, contact: Contact | None = None) -> None:
        self.stored_days = 0
        self.failed_days = 0
        self.contact = contact or Contact()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def fetched(self, fetch: DayFetch[Any]) -> None:
        """Print nothing."""

    def stored(self, package: Package[Any]) -> None:
        """Count the committed and the failed days of a package."""
        failed = sum(day.fetch.content is None for day in package.days)
        self.failed_days += failed
        self.stored_days += len(package.days) - failed


class Words(Silence):
    """Counts records, and prints a line when the API does not answer."""

    def __init__(
        self, say: Callable[[str], None], contact: Contact | None = None
    ) -> None:
        super().__init__(contact)
        self._say = say
        self._records = 0
        self._began = time.monotonic()
        self._was_told = False
        self._end = threading.Event()
        self._listener = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Self:
        self._listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()

    def fetched(self, fetch: DayFetch[Any]) -> None:
        """Count the records of a day."""
        self._records += fetch.records

    @property
    def rate(self) -> float:
        """Records per second since the start."""
        return self._records / max(time.monotonic() - self._began, 0.001)

    def listen(self) -> None:
        """Print that the API does not answer, once per silence."""
        is_silent = self.contact.silence() >= SILENCE
        if is_silent and not self._was_told:
            reason = f" ({self.contact.reason})" if self.contact.reason else ""
            self._say(f"No answer from the API for {SILENCE} s{reason}. Still trying.")
        self._was_told = is_silent

    def _listen(self) -> None:
        while not self._end.wait(LISTENING):
            self.listen()


def _printer(console: Console, account: str) -> Callable[[str], None]:
    """Prints lines as they are: no colours, no markup, no breaks."""
    write = partial(console.print, highlight=False, markup=False, soft_wrap=True)
    return lambda line: write(f"{_of(account)}{line}")


def _of(account: str) -> str:
    return f"{account}: " if account else ""


class OnConsole(Words):
    """The progress of so many days on a console; each line names the account."""

    def __init__(
        self,
        console: Console,
        days: int,
        contact: Contact | None = None,
        account: str = "",
    ) -> None:
        super().__init__(_printer(console, account), contact)
        self._console, self._days, self._account = console, days, account


class Lines(OnConsole):
    """A line per package, for logs."""

    def stored(self, package: Package[Any]) -> None:
        """Print the progress so far."""
        super().stored(package)
        failed = f"{self.failed_days} failed, " if self.failed_days else ""
        self._say(
            f"{self.stored_days} of {self._days} days stored, {failed}"
            f"{self._records:,} records, {self.rate:,.0f} records/s"
        )


class Bar(OnConsole):
    """A bar that advances with every fetched day; failed days are counted apart."""

    _failed = 0

    @cached_property
    def _bars(self) -> Bars:
        return Bars(
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            MofNCompleteColumn(),
            TextColumn("days{task.fields[failed]}  {task.fields[records]:,} records"),
            TextColumn("{task.fields[rate]:,.0f} records/s"),
            TimeElapsedColumn(),
            console=self._console,
            transient=True,
        )

    @cached_property
    def _task(self) -> TaskID:
        title = f"{_of(self._account)}Loading"
        return self._bars.add_task(
            title, total=self._days, failed="", records=0, rate=0.0
        )

    def __enter__(self) -> Self:
        _ = self._task  # the bar is there before the first day
        self._bars.start()
        return super().__enter__()

    def __exit__(self, *_: object) -> None:
        super().__exit__()
        self._bars.stop()

    def fetched(self, fetch: DayFetch[Any]) -> None:
        """Advance by a day, or count it as failed."""
        super().fetched(fetch)
        is_in = fetch.content is not None
        self._failed += not is_in
        self._bars.update(
            self._task,
            advance=int(is_in),
            failed=f", {self._failed} failed" if self._failed else "",
            records=self._records,
            rate=self.rate,
        )


def watch(
    console: Console,
    days: int,
    *,
    quiet: bool,
    contact: Contact | None = None,
    account: str = "",
) -> Silence:
    """The kind of progress that suits the console; each line names the account."""
    if quiet or not days:
        return Silence(contact)
    kind = Bar if console.is_terminal else Lines
    return kind(console, days, contact, account)
